package drill

import (
	"context"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// roles are the kinds of machines that a fault of one machine can hit.
func roles() []struct {
	name string
	tier website.Tier
	hits Victims
} {
	return []struct {
		name string
		tier website.Tier
		hits Victims
	}{
		{"holder", website.Databases, TheHolder},
		{"database", website.Databases, OneNode},
		{"files", website.Files, OneNode},
		{"web", website.Web, OneNode},
	}
}

// machineFaults stop, power off and reboot one machine.
func machineFaults() []Fault {
	var faults []Fault
	for _, role := range roles() {
		gone := Promise{Limits: lost(role.tier, role.hits), Health: 2 * time.Minute}
		rebooted := gone
		if role.tier == website.Files {
			rebooted.Limits = fileServerLeft()
		}
		at := where(role.tier, role.hits)
		faults = append(faults, Fault{
			Name: "freeze-" + role.name, Tier: role.tier, Hits: role.hits, Hold: stall, Promise: gone,
			What: "everything" + at + " stands still for 25 s, its network as well", Undo: "thawed",
			Inject:  onEach(Hands.Freeze),
			Restore: onEach(Hands.Thaw),
		}, Fault{
			Name: "poweroff-" + role.name, Tier: role.tier, Hits: role.hits, Hold: stall, Promise: gone,
			What: "power lost" + at + " for 25 s", Undo: "powered on",
			Inject:  powerOff,
			Restore: powerOn,
		}, Fault{
			Name: "reboot-" + role.name, Tier: role.tier, Hits: role.hits, Promise: rebooted,
			What: "orderly reboot" + at, Undo: "it boots",
			Inject: onEach(Hands.Reboot),
		})
	}
	return faults
}

// onEach does something to every victim.
func onEach(do func(Hands, context.Context, string) error) func(context.Context, Scene) error {
	return func(ctx context.Context, s Scene) error {
		return s.each(func(node string) error { return do(s.Hands, ctx, node) })
	}
}

func powerOff(ctx context.Context, s Scene) error { return s.Hands.PowerOff(ctx, s.Victims...) }

func powerOn(ctx context.Context, s Scene) error { return s.Hands.PowerOn(ctx, s.Victims...) }

// outages take power from whole tiers, and from the whole site.
func outages() []Fault {
	var faults []Fault
	for _, outage := range []struct {
		name, title string
		tier        website.Tier
		limits      map[Group]Limit
	}{
		{"outage-databases", "all databases", website.Databases, limits(Limit{}, Limit{}, Limit{}, Limit{}, limit(3, 0))},
		{"outage-files", "all file servers", website.Files, limits(Limit{}, Limit{}, limit(3, 0), limit(3, 0), Limit{})},
		{"outage-web", "all web servers", website.Web, nil},
		{"outage-site", "the whole site", "", nil},
	} {
		faults = append(faults, Fault{
			Name: outage.name, Tier: outage.tier, Hits: AllNodes, Hold: 10 * time.Second,
			What: "power lost on " + outage.title + " at once for 10 s", Undo: "powered on at once",
			Inject: powerOff, Restore: powerOn,
			Promise: Promise{Limits: outage.limits, Health: 3 * time.Minute},
		})
	}
	faults = append(faults, Fault{
		Name: "silence-databases", Tier: website.Databases, Hits: AllNodes, Hold: stall,
		What: "every database loses every packet for 25 s, and runs", Undo: "the network is back",
		Inject:  func(ctx context.Context, s Scene) error { return s.Hands.Cut(ctx, false, s.Victims...) },
		Restore: heal,
		// Each of them is alone, and takes the address only if it is Primary.
		Promise: Promise{Limits: limits(Limit{}, Limit{}, Limit{}, Limit{}, limit(3, 0)), Health: 2 * time.Minute},
	})
	for _, tier := range []struct {
		name, title string
		tier        website.Tier
		limits      map[Group]Limit
	}{
		{"one-then-rest-databases", "one database, and 20 s later on the others", website.Databases, limits(Limit{}, Limit{}, Limit{}, Limit{}, limit(3, 0))},
		{"one-then-rest-files", "one file server, and 20 s later on the others", website.Files, limits(Limit{}, Limit{}, limit(3, 0), limit(3, 0), Limit{})},
	} {
		faults = append(faults, Fault{
			Name: tier.name, Tier: tier.tier, Hits: AllNodes, Hold: 10 * time.Second,
			What: "power lost on " + tier.title, Undo: "powered on at once",
			Inject: oneThenRest, Restore: powerOn,
			Promise: Promise{Limits: tier.limits, Health: 3 * time.Minute, Apply: true},
		})
	}
	return faults
}

// alone is how long the others of a tier go on without the first one.
const alone = 20 * time.Second

func oneThenRest(ctx context.Context, s Scene) error {
	if err := s.Hands.PowerOff(ctx, s.Victims[0]); err != nil {
		return err
	}
	wait(ctx, alone)
	return s.Hands.PowerOff(ctx, s.Victims[1:]...)
}

// The variables of the example site for the settings of its databases and the name of its web
// servers.
const (
	databaseSettings = "database_settings"
	serverName       = "server_name"
)

// changes are applies that change something while clients work.
func changes() []Fault {
	return []Fault{{
		Name: "rolling-change", Tier: website.Databases, Hits: AllNodes,
		What: "an apply changes a setting that needs a restart of every database", Undo: "another apply",
		Inject: func(ctx context.Context, s Scene) error {
			return s.Hands.Apply(ctx, map[string]string{databaseSettings: `{"innodb_buffer_pool_size" = "512M", "back_log" = "100"}`})
		},
		Restore: func(ctx context.Context, s Scene) error { return s.Hands.Apply(ctx, nil) },
		Promise: Promise{Limits: planned(), Health: time.Minute},
	}, {
		Name: "rolling-name", Tier: website.Web, Hits: AllNodes,
		What: "an apply gives every web server another name, one after the other", Undo: "another apply",
		Inject: func(ctx context.Context, s Scene) error {
			return s.Hands.Apply(ctx, map[string]string{serverName: "drill.example"})
		},
		Restore: func(ctx context.Context, s Scene) error { return s.Hands.Apply(ctx, nil) },
		Promise: Promise{Limits: planned(), Health: time.Minute},
	}}
}
