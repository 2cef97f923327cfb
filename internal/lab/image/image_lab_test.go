package image_test

import (
	"os"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
)

// TestEnsure builds the images where they are missing; a second call finds
// what the first returned.
func TestEnsure(t *testing.T) {
	if os.Getenv("LAB_TESTS") != "1" {
		t.Skip("needs Docker: set LAB_TESTS=1")
	}
	first, err := image.Ensure(t.Context(), docker.CLI{}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	second, err := image.Ensure(t.Context(), docker.CLI{}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if first != second || first.Machine == "" || first.Balancer == "" {
		t.Errorf("first %+v, second %+v", first, second)
	}
}
