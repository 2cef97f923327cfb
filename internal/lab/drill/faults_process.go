package drill

import (
	"context"
	"embed"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

//go:embed scripts/*.sh
var scripts embed.FS

var (
	signalScript  = string(shell.Embedded(scripts, "signal"))
	unmountScript = string(shell.Embedded(scripts, "unmount"))
)

// stall is how long a process or a machine stands still. It is longer than the limits by
// which its peers and the NodeBalancer notice it.
const stall = 25 * time.Second

// daemon is a process of a role.
type daemon struct {
	name string
	tier website.Tier
	hits Victims
	// health is how long it may take to be whole after the process was killed.
	health time.Duration
	// apply says that an apply may be needed after it was killed.
	apply bool
}

// daemons are the processes of all roles, by the names that scripts/signal.sh knows.
func daemons() []daemon {
	return []daemon{
		{"mariadbd", website.Databases, TheHolder, 2 * time.Minute, false},
		{"mariadbd", website.Databases, OneNode, 2 * time.Minute, false},
		{"keepalived", website.Databases, TheHolder, time.Minute, false},
		{"glusterd", website.Files, OneNode, time.Minute, false},
		{"glusterfsd", website.Files, OneNode, 2 * time.Minute, true},
		{"mount", website.Web, OneNode, 2 * time.Minute, false},
		{"apache", website.Web, OneNode, time.Minute, false},
		{"php-fpm", website.Web, OneNode, time.Minute, false},
	}
}

func (d daemon) title() string {
	title := map[string]string{"mount": "the process of the mount", "apache": "Apache", "php-fpm": "PHP-FPM"}[d.name]
	if title == "" {
		title = d.name
	}
	return title + where(d.tier, d.hits)
}

// where says which node of a tier a fault hits.
func where(tier website.Tier, hits Victims) string {
	switch {
	case tier == website.Files:
		return " on a file server"
	case tier == website.Web:
		return " on a web server"
	case hits == TheHolder:
		return " on the database with the address"
	}
	return " on another database"
}

func (d daemon) suffix() string {
	if d.tier == website.Databases && d.hits == OneNode {
		return d.name + "-other"
	}
	return d.name
}

// processFaults kill every daemon on every role, and stop it where it stands.
func processFaults() []Fault {
	var faults []Fault
	for _, d := range daemons() {
		faults = append(faults, Fault{
			Name: "kill-" + d.suffix(), Tier: d.tier, Hits: d.hits,
			What: "kill -9 of " + d.title(), Undo: "systemd starts it again, or an apply does",
			Inject:  d.signal("KILL"),
			Promise: Promise{Limits: lost(d.tier, d.hits), Health: d.health, Apply: d.apply},
		})
	}
	for _, d := range daemons() {
		faults = append(faults, Fault{
			Name: "stop-" + d.suffix(), Tier: d.tier, Hits: d.hits, Hold: stall,
			What: "SIGSTOP of " + d.title() + " for 25 s", Undo: "SIGCONT",
			Inject: d.signal("STOP"), Restore: d.signal("CONT"),
			Promise: Promise{Limits: lost(d.tier, d.hits), Health: 2 * time.Minute, Apply: d.apply},
		})
	}
	return faults
}

func (d daemon) signal(signal string) func(context.Context, Scene) error {
	return func(ctx context.Context, s Scene) error {
		return s.each(func(node string) error {
			_, err := s.Hands.Run(ctx, node, signalScript, d.name, signal, s.Site.DocumentRoot)
			return err
		})
	}
}
