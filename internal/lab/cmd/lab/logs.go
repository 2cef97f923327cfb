package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
)

func logs(ctx context.Context, c command) error {
	flags := flag.NewFlagSet("logs", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	follow := flags.Bool("f", false, "")
	lines := flags.Int("n", 100, "")
	if err := flags.Parse(c.args); err != nil || flags.NArg() == 0 || flags.NArg() > 2 {
		return usageError("lab logs [-f] [-n LINES] NAME [UNIT]")
	}
	if flags.Arg(0) == "api" {
		return c.apiLog()
	}
	found, err := c.find(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	args := []string{"logs", "--tail", strconv.Itoa(*lines)}
	if found.Kind == "machine" {
		args = []string{"exec", found.Name, "journalctl", "--no-pager", "--lines", strconv.Itoa(*lines)}
		if flags.NArg() == 2 {
			args = append(args, "--unit", flags.Arg(1))
		}
	}
	if *follow {
		args = append(args, "--follow")
	}
	if found.Kind != "machine" {
		args = append(args, found.Name)
	}
	return c.attached(ctx, args...)
}

func (c command) apiLog() error {
	log, err := os.Open(c.folder.LogFile())
	if err != nil {
		return fmt.Errorf("cannot read the API's log: %w", err)
	}
	defer log.Close()
	_, err = io.Copy(c.stdout, log)
	return err
}
