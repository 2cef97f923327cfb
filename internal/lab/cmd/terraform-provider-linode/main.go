// Command terraform-provider-linode serves the lab's offline stand-in of the
// linode/linode Terraform provider.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/linodeprovider"
)

func main() {
	// As in the ha provider: it lives for a second.
	debug.SetGCPercent(400)
	server, err := linodeprovider.New()
	if err == nil {
		err = tf6server.Serve(linodeprovider.Source, func() tfprotov6.ProviderServer { return server })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
