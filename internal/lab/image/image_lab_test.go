package image_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestEnsure builds the images where they are missing; a second call finds
// what the first returned.
func TestEnsure(t *testing.T) {
	labtest.NeedsDocker(t)
	release, err := image.TierRelease()
	if err != nil {
		t.Fatal(err)
	}
	first, err := image.Ensure(t.Context(), docker.CLI{}, release, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	second, err := image.Ensure(t.Context(), docker.CLI{}, release, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if first != second || first.Machine == "" || first.Balancer == "" {
		t.Errorf("first %+v, second %+v", first, second)
	}
}
