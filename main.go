// Command terraform-provider-ha serves the ha provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider"
)

// version is set when a release is linked.
var version = "dev"

func main() {
	waits := flag.Bool("debug", false, "wait for a debugger and print how Terraform reaches this process")
	flag.Parse()
	// A plan starts three of these processes, for a second at most, and a
	// collector that follows a heap of a few megabytes was a tenth of their work.
	debug.SetGCPercent(400)
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-ha/ha",
		Debug:   *waits,
	})
	if err != nil {
		log.Fatal(err)
	}
}
