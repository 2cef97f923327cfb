package main

import (
	"context"
	"flag"
	"io"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/drill"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/pages"
)

const pagesUsage = `lab demo pages [OPTIONS]: how fast the site of "lab demo up" makes pages that no cache has, on its volume and on the local
disks of its web servers, through the NodeBalancer. The copy on local disks is taken away again.
  -path PATH         the page; default /
  -clients NUMBER    how many visitors ask at the same time; default 4
  -time DURATION     how long one turn takes; default 30s
  -turns NUMBER      how many turns each of both has; default 3`

// demoPages measures the demo.
func demoPages(ctx context.Context, c command) error {
	settings := pages.Settings{Progress: c.stderr}
	flags := flag.NewFlagSet("pages", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&settings.Path, "path", "/", "")
	flags.IntVar(&settings.Clients, "clients", 4, "")
	flags.DurationVar(&settings.Round, "time", 30*time.Second, "")
	flags.IntVar(&settings.Rounds, "turns", 3, "")
	if err := flags.Parse(c.args[1:]); err != nil || flags.NArg() > 0 || settings.Clients < 1 || settings.Rounds < 1 || settings.Round <= 0 {
		return verbUsageError(pagesUsage)
	}
	root, err := repository()
	if err != nil {
		return err
	}
	d := demo.Demo{Root: root, Folder: c.folder, Docker: c.client, Stdout: c.stdout, Progress: c.stderr}
	if d.Settings, err = c.folder.Settings(); err != nil {
		return err
	}
	site, _, err := drill.SiteOfDemo(ctx, d)
	if err != nil {
		return err
	}
	found, err := pages.Compare(ctx, site, settings)
	if err != nil {
		return err
	}
	return found.Print(c.stdout)
}
