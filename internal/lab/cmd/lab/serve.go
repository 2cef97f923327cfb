package main

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

func serve(ctx context.Context, c command) error {
	return region.Serve(ctx, c.client, c.folder, c.stderr)
}
