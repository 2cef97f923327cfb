// Command terraform-provider-ha serves the ha provider to Terraform and OpenTofu.
package main

import (
	"flag"
	"log"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

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
	var options []tf6server.ServeOpt
	if *waits {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve("registry.terraform.io/terraform-ha/ha", provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}
