package main

import (
	"context"
	"errors"
	"os/exec"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
)

const demoUsage = "lab demo up, url, plan, status or pages"

func demoVerb(ctx context.Context, c command) error {
	if len(c.args) > 0 && c.args[0] == "pages" {
		return demoPages(ctx, c)
	}
	if len(c.args) != 1 {
		return usageError(demoUsage)
	}
	root, err := repository()
	if err != nil {
		return err
	}
	site := demo.Demo{Root: root, Folder: c.folder, Docker: c.client, Stdout: c.stdout, Progress: c.stderr}
	if c.args[0] == "up" {
		if site.Settings, err = c.up(ctx); err != nil {
			return err
		}
		return site.Up(ctx)
	}
	if site.Settings, err = c.folder.Settings(); err != nil {
		return err
	}
	switch c.args[0] {
	case "url":
		return site.URL(ctx)
	case "status":
		return site.Status(ctx)
	case "plan":
		err := site.Plan(ctx)
		// Its exit status is the answer.
		if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() != 2 {
			return errors.Join(errSilent, err)
		}
		return err
	}
	return usageError(demoUsage)
}
