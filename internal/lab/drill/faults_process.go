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
	// killed and stopped are what is promised while it is dead, and while it stands still.
	killed, stopped map[Group]Limit
}

// daemons are the processes of all roles, by the names that scripts/signal.sh knows.
func daemons() []daemon {
	return []daemon{
		{"mariadbd", website.Databases, TheHolder, 2 * time.Minute, false, holderLost(), holderLost()},
		{"mariadbd", website.Databases, OneNode, 2 * time.Minute, false, databaseLost(), databaseLost()},
		{"keepalived", website.Databases, TheHolder, time.Minute, false, holderLost(), holderLost()},
		{"keepalived", website.Databases, OneNode, time.Minute, false, unnoticed(), unnoticed()},
		{"glusterd", website.Files, OneNode, time.Minute, false, unnoticed(), unnoticed()},
		{"glusterfsd", website.Files, OneNode, 2 * time.Minute, true, fileServerLeft(), fileServerHung()},
		{"glustershd", website.Files, OneNode, 2 * time.Minute, true, unnoticed(), unnoticed()},
		{"mount", website.Web, OneNode, 2 * time.Minute, false, webServerLost(), webServerLost()},
		{"apache", website.Web, OneNode, time.Minute, false, webServerLost(), webServerLost()},
		{"php-fpm", website.Web, OneNode, time.Minute, false, webServerLost(), webServerLost()},
	}
}

func (d daemon) title() string {
	title := map[string]string{"mount": "the process of the mount", "apache": "Apache", "php-fpm": "PHP-FPM", "glustershd": "the self-heal daemon"}[d.name]
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

// shared is how long two nodes may have the address while the daemon stands still: a Keepalived
// that does cannot take it from its interface.
func (d daemon) shared() time.Duration {
	if d.name == "keepalived" && d.hits == TheHolder {
		return bothWays
	}
	return 0
}

// bothWays is how long two nodes may have the address where the one that had it cannot know of
// the other.
const bothWays = stall + givingAway

// processFaults kill every daemon on every role, and stop it where it stands.
func processFaults() []Fault {
	var faults []Fault
	for _, d := range daemons() {
		faults = append(faults, Fault{
			Name: "kill-" + d.suffix(), Tier: d.tier, Hits: d.hits,
			What: "kill -9 of " + d.title(), Undo: "systemd starts it again, or an apply does",
			Inject:  d.signal("KILL"),
			Promise: Promise{Limits: d.killed, Health: d.health, Apply: d.apply},
		})
	}
	for _, d := range daemons() {
		faults = append(faults, Fault{
			Name: "stop-" + d.suffix(), Tier: d.tier, Hits: d.hits, Hold: stall,
			What: "SIGSTOP of " + d.title() + " for 25 s", Undo: "SIGCONT",
			Inject: d.signal("STOP"), Restore: d.signal("CONT"),
			Promise: Promise{Limits: d.stopped, Health: 2 * time.Minute, Apply: d.apply, Shared: d.shared()},
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
