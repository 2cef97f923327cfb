package main

import (
	"context"
	"errors"
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
	} else {
		// Passwords and state go, whatever the engine says.
		err = errors.Join(region.Down(ctx, c.client, c.folder), demo.Remove(c.folder))
	}
	if err != nil {
		return fmt.Errorf("%w\nlab: \"lab down\" again removes what is left; a network that the engine calls in use goes after the engine was restarted", err)
	}
	fmt.Fprintf(c.stderr, "lab: %s is gone\n", c.folder.Name)
	return nil
}
