package main

import (
	"context"
	"fmt"
)

func env(_ context.Context, c command) error {
	settings, err := c.folder.Settings()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "export LINODE_URL=%s\n", settings.URL())
	fmt.Fprintf(c.stdout, "export LINODE_TOKEN=%s\n", settings.Token)
	fmt.Fprintf(c.stdout, "export HA_SSH_PRIVATE_KEY=\"$(cat '%s')\"\n", c.folder.KeyFile())
	fmt.Fprintf(c.stdout, "export TF_VAR_ssh_public_key=\"$(cat '%s.pub')\"\n", c.folder.KeyFile())
	return nil
}
