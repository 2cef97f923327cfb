package machine

import (
	"context"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
)

// removeVolumes removes volumes; those that do not exist are no error.
//
// A file that was made immutable on a machine keeps its volume from going, for
// root too, and a mount point may be one, so that nothing is written below a
// missing mount. The attribute is taken off first: an engine that has failed to
// remove a volume forgets its labels (Docker 20.10), so there is no second try.
func removeVolumes(ctx context.Context, client docker.CLI, names ...string) error {
	if err := makeMutable(ctx, client, names); err != nil {
		return err
	}
	_, err := client.Run(ctx, append([]string{"volume", "rm", "--force"}, names...)...)
	return err
}

func makeMutable(ctx context.Context, client docker.CLI, names []string) error {
	images, err := machineImages(ctx, client)
	if err != nil || len(images) == 0 {
		return err // without an image there was no machine to write anything
	}
	run := []string{"run", "--rm", "--network=none", "--cap-add=LINUX_IMMUTABLE", "--entrypoint=chattr"}
	var folders []string
	for i, name := range names {
		if _, err := client.Run(ctx, "volume", "inspect", name); err != nil {
			continue // gone already; mounting it would make it again
		}
		folder := fmt.Sprintf("/volumes/%d", i)
		run = append(run, "--volume="+name+":"+folder)
		folders = append(folders, folder)
	}
	if len(folders) == 0 {
		return nil
	}
	run = append(append(run, images[0], "-R", "-f", "-i"), folders...)
	// chattr's status also tells of links, which have no attributes. If it failed
	// at more than that, the removal says so.
	_, _ = client.Run(ctx, run...)
	return nil
}

// machineImages are the images of machines, the newest first.
func machineImages(ctx context.Context, client docker.CLI) ([]string, error) {
	return client.Names(ctx, "image", "ls", "--quiet", "--filter", "reference=terraform-ha-lab/machine")
}
