package drill

import (
	"context"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

const (
	// blockVRRP loses the advertisements of Keepalived, and nothing else.
	blockVRRP = `nft -f - <<'end'
table inet drill {
    chain in { type filter hook input priority -300; ip protocol 112 drop; }
    chain out { type filter hook output priority -300; ip protocol 112 drop; }
}
end`
	allowVRRP = `! nft list table inet drill >/dev/null 2>&1 || nft delete table inet drill`
)

// cutOff is how long a database that is cut off and the others may both have the address. It
// takes the address on its side when 1.8 seconds of advertisements are missing, and gives it up
// when its check has failed twice, a second apart, because its server has lost the majority
// after 2 seconds. The machines are looked at each second. Nobody on the other side reaches it.
const cutOff = 3 * time.Second

// networkFaults cut machines off.
func networkFaults() []Fault {
	var faults []Fault
	for _, role := range roles() {
		for _, how := range []struct {
			name, title string
			reject      bool
		}{{"silence", "loses every packet", false}, {"reject", "is refused every connection", true}} {
			limits, shared := lost(role.tier, role.hits), time.Duration(0)
			if role.tier == website.Databases {
				shared = cutOff
			}
			if how.reject && role.hits == TheHolder {
				// Who is refused tries again at once, as one who opens new connections does.
				limits[GroupKept] = limit(8, limits[GroupRows].Failed)
			}
			faults = append(faults, Fault{
				Name: how.name + "-" + role.name, Tier: role.tier, Hits: role.hits, Hold: stall,
				What: "the network" + where(role.tier, role.hits) + " " + how.title + " for 25 s", Undo: "the network is back",
				Inject:  func(ctx context.Context, s Scene) error { return s.Hands.Cut(ctx, how.reject, s.Victims...) },
				Restore: heal,
				Promise: Promise{Limits: limits, Health: 2 * time.Minute, Shared: shared},
			})
		}
	}
	return append(faults, Fault{
		Name: "partition", Hits: OneOfEach, Hold: stall,
		What: "one node of each tier is cut off from the others and from the NodeBalancer for 25 s", Undo: "the network is back",
		Inject:  func(ctx context.Context, s Scene) error { return s.Hands.Cut(ctx, false, s.Victims...) },
		Restore: heal,
		Promise: Promise{Limits: limits(limit(20, 40), limit(25, 10), limit(5, 30), limit(8, 10), limit(15, 0)), Health: 2 * time.Minute, Shared: cutOff},
	}, Fault{
		Name: "vrrp-blocked", Tier: website.Databases, Hits: TheHolder, Hold: stall,
		What: "the database with the address neither sends nor receives VRRP for 25 s", Undo: "VRRP is let through",
		Inject:  inShell(blockVRRP),
		Restore: inShell(allowVRRP),
		Promise: Promise{Limits: holderLost(), Health: time.Minute, Shared: bothWays},
	})
}

func heal(ctx context.Context, s Scene) error { return s.Hands.Heal(ctx) }

// inShell runs a script on every victim.
func inShell(script string, args ...string) func(context.Context, Scene) error {
	return func(ctx context.Context, s Scene) error {
		return s.each(func(node string) error {
			_, err := s.Hands.Run(ctx, node, script, args...)
			return err
		})
	}
}
