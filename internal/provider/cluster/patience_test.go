package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestAChangeWaitsLessForAMachineThatWasThere(t *testing.T) {
	at := func(host string, port int64) map[string]nodeModel {
		return map[string]nodeModel{"n1": {Host: types.StringValue(host), Port: types.Int64Value(port)}}
	}
	for name, test := range map[string]struct {
		boot   time.Duration
		before map[string]nodeModel
		want   time.Duration
	}{
		"the same":         {5 * time.Minute, at("192.0.2.1", 22), rebootPatience},
		"new":              {5 * time.Minute, nil, 5 * time.Minute},
		"another machine":  {5 * time.Minute, at("192.0.2.2", 22), 5 * time.Minute},
		"another port":     {5 * time.Minute, at("192.0.2.1", 23), 5 * time.Minute},
		"the user's limit": {time.Second, at("192.0.2.1", 22), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Access{BootTimeout: test.boot}
			if got := a.patienceWith(nodeChangesOf(test.before, at("192.0.2.1", 22))[0].Change); got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}

// What the plan said to be refused is refused soon.
func TestAChangeThatIsRefusedWaitsLess(t *testing.T) {
	a, changes := &Access{BootTimeout: time.Hour}, map[string]tier.Change{"stays": tier.Stays, "joins": tier.Joins, "leaves": tier.Leaves}
	for refusal, want := range map[string]map[string]time.Duration{
		"":                    {"stays": rebootPatience, "joins": time.Hour, "leaves": departurePatience},
		"two histories exist": {"stays": refusedPatience, "joins": time.Hour, "leaves": departurePatience},
	} {
		shared := &Shared{Rollout: rolloutValue(&tier.Rollout{Refusal: refusal}, "2026-11-28T12:00:00Z", strings.TrimSpace)}
		m := machines{changes: changes, refused: shared.refusalForeseen()}
		for name := range changes {
			if got := m.patience(a, name); got != want[name] {
				t.Errorf("%q: waits %s for one that %s, not %s", refusal, got, name, want[name])
			}
		}
	}
	given := machines{changes: map[string]tier.Change{"stays": tier.Stays, "joins": tier.Joins}, givenUp: []string{"stays", "joins"}}
	for name, want := range map[string]time.Duration{"stays": refusedPatience, "joins": time.Hour} {
		if got := given.patience(a, name); got != want {
			t.Errorf("waits %s for one that %s and is given up, not %s", got, name, want)
		}
	}
	for name, rollout := range map[string]types.Object{"null": noRollout(), "unknown": types.ObjectUnknown(rolloutTypes), "none": {}} {
		if (&Shared{Rollout: rollout}).refusalForeseen() {
			t.Errorf("%s is a refusal", name)
		}
	}
}
