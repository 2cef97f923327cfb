package main

import (
	"context"
	"fmt"
	"os"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

// allReleases stands for every release of Debian that labs have.
const allReleases = "all"

// preflight builds the images of the releases of Debian that are named, else those that
// the tests of single tiers need.
func preflight(ctx context.Context, c command) error {
	var releases []image.Release
	for _, number := range c.args {
		if number == allReleases {
			releases = append(releases, image.Releases()...)
			continue
		}
		release, err := image.ReleaseOf(number)
		if err != nil {
			return usageError(err.Error())
		}
		releases = append(releases, release)
	}
	if len(releases) == 0 {
		release, err := image.TierRelease()
		if err != nil {
			return err
		}
		releases = append(releases, release)
	}
	return region.Prepare(ctx, c.client, c.folder, c.stderr, releases...)
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
