// Command docs writes the reference documentation into docs/, the tables in the
// READMEs of the modules, the promises in the guide of measurements, and the contents of
// DESIGN.md. It is run from the repository's root.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"

	"github.com/terraform-ha/terraform-provider-ha/internal/docstest"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if _, err := os.Stat("templates"); err != nil {
		log.Fatalf("run this in the repository's root: %v", err)
	}
	if err := docstest.WriteContents("."); err != nil {
		log.Fatal(err)
	}
	if err := docstest.WritePromises("."); err != nil {
		log.Fatal(err)
	}
	if err := docstest.WriteModuleReadmes("."); err != nil {
		log.Fatal(err)
	}
	if err := docstest.Generate(ctx, ".", "docs"); err != nil {
		log.Fatal(err)
	}
}
