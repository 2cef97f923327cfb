package drill

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

const (
	dataDirectory = "/var/lib/mysql"
	// ownDisk reports whether a path has a file system with a size of its own. Filling
	// another one would fill the disk of the computer that runs the lab.
	ownDisk = `case $(df --output=source "$1" | tail -n 1) in /dev/loop*) ;; *) echo no ;; esac`
	// fullVolume has every brick refuse what grows it, as a full one does: more is reserved
	// than is free. GlusterFS takes numbers from 100 on for bytes.
	fullVolume = `gluster --mode=script volume set "$1" storage.reserve 99`
	roomAgain  = `gluster --mode=script volume reset "$1" storage.reserve`
	// writes says why a file cannot be written, and nothing where it can.
	writes = `{ LC_ALL=C head -c 65536 /dev/zero >"$1/$2/room"; } 2>&1; rm -f "$1/$2/room"`
	// fullWithin is more than bricks need to see that they are full: they look at their free
	// space every five seconds.
	fullWithin = 30 * time.Second
)

// diskFaults fill disks, and take a mount away.
func diskFaults() []Fault {
	return []Fault{
		{
			Name: "disk-full-database", Tier: website.Databases, Hits: OneNode, Hold: stall,
			What: "the disk of another database is full for 25 s", Undo: "the file that filled it is removed",
			Inject: func(ctx context.Context, s Scene) error {
				return s.each(func(node string) error {
					said, err := s.Hands.Run(ctx, node, ownDisk, dataDirectory)
					if err == nil && said != "" {
						err = impossibleError{fmt.Errorf("%s of %s has no disk of its own", dataDirectory, node)}
					}
					if err != nil {
						return err
					}
					return s.Hands.FillDisk(ctx, node, dataDirectory)
				})
			},
			Restore: func(ctx context.Context, s Scene) error {
				return s.each(func(node string) error { return s.Hands.FreeDisk(ctx, node, dataDirectory) })
			},
			Promise: Promise{Limits: holderLost(), Health: 2 * time.Minute, Apply: true},
		},
		{
			Name: "disk-full-files", Tier: website.Files, Hits: AllNodes, Hold: stall,
			What: "every brick refuses to grow, as full ones do, for 25 s", Undo: "there is room again",
			Inject:  fillVolume,
			Restore: func(ctx context.Context, s Scene) error { return s.gluster(ctx, roomAgain) },
			// What is refused is not acknowledged; pages and rows need no new file.
			Promise: Promise{Limits: limits(limit(5, 5), Limit{}, limit(3, 0), limit(3, 0), Limit{}), Health: time.Minute},
		},
		{
			Name: "unmount", Tier: website.Web, Hits: OneNode,
			What: "the volume is unmounted on a web server", Undo: "the machine mounts it again",
			Inject: func(ctx context.Context, s Scene) error {
				return inShell(unmountScript, s.Site.DocumentRoot)(ctx, s)
			},
			Promise: Promise{Limits: webServerLost(), Health: 2 * time.Minute},
		},
	}
}

// fillVolume waits until a web server is told that there is no room, because an option that
// changes nothing would look like a fault without consequences.
func fillVolume(ctx context.Context, s Scene) error {
	if err := s.gluster(ctx, fullVolume); err != nil {
		return err
	}
	web := s.Site.Nodes[website.Web]
	if len(web) == 0 {
		return nil
	}
	for end := time.Now().Add(fullWithin); ; wait(ctx, time.Second) {
		said, err := s.Hands.Run(ctx, web[0], writes, s.Site.DocumentRoot, folder)
		if err != nil || strings.Contains(said, "No space left on device") {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("volume %s is not full after %s: %s can write a file, or is told %q", s.Site.Volume, fullWithin, web[0], said)
		}
	}
}

// gluster runs a command about the volume on the first victim.
func (s Scene) gluster(ctx context.Context, script string) error {
	_, err := s.Hands.Run(ctx, s.Victims[0], script, s.Site.Volume)
	return err
}
