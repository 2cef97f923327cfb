package main

import (
	"context"
	"fmt"
	"os"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

func preflight(ctx context.Context, c command) error {
	return region.Prepare(ctx, c.client, c.folder, c.stderr)
}

func up(ctx context.Context, c command) error {
	if _, err := c.up(ctx); err != nil {
		return err
	}
	return env(ctx, c)
}

// up starts the lab with this very program as the API's.
func (c command) up(ctx context.Context) (region.Settings, error) {
	program, err := os.Executable()
	if err != nil {
		return region.Settings{}, fmt.Errorf("cannot find this program: %w", err)
	}
	serve := []string{program, "serve", "-state", c.folder.Path, "-name", c.folder.Name}
	return region.Up(ctx, c.client, c.folder, serve, c.stderr)
}
