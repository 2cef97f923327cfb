package main

import (
	"context"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

func down(ctx context.Context, c command) error {
	own, err := findFolder(c.folder.Path, "")
	if err != nil {
		return err
	}
	// Another name than the folder's means what another run has left in the
	// engine; this folder is not its.
	if own.Name != c.folder.Name {
		err = machine.Down(ctx, c.client, c.folder.Name)
	} else if err = region.Down(ctx, c.client, c.folder); err == nil {
		err = demo.Remove(c.folder)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stderr, "lab: %s is gone\n", c.folder.Name)
	return nil
}
