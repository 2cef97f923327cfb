package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// list prints the names of all labs that have something in the engine.
func list(ctx context.Context, c command) error {
	resources, err := machine.List(ctx, c.client, "")
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, each := range resources {
		names[each.Lab] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintln(c.stdout, name)
	}
	return nil
}
