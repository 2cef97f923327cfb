package main

import (
	"context"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
)

// terraform prints the path of a Terraform or OpenTofu that can be used here.
func terraform(ctx context.Context, c command) error {
	program, err := demo.EnsureProgram(ctx, c.folder, c.stderr)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, program)
	return nil
}

// opentofu prints the path of an OpenTofu, also where there is a Terraform: for tests
// with both.
func opentofu(ctx context.Context, c command) error {
	program, err := demo.EnsureOpenTofu(ctx, c.folder, c.stderr)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, program)
	return nil
}
