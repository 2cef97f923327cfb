package provider

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// A daemon that dies after the last step is repaired by the same apply.
func TestConvergeRepairsWhatFailsWhileItVerifies(t *testing.T) {
	broken, repairs, verified := true, 0, 0
	cluster := &tierOf[bool, *bool]{
		target: &broken,
		look:   func(context.Context) bool { return broken },
		errs:   func(bool) map[string]error { return nil },
		diff: func(seen bool) (reconcile.Plan[*bool], error) {
			var plan reconcile.Plan[*bool]
			if seen {
				plan.Serial("repair", reconcile.Step[*bool]{Title: "repair", Do: func(_ context.Context, broken *bool) error {
					*broken = false
					repairs++
					return nil
				}})
			}
			return plan, nil
		},
		verify: func(context.Context) error {
			if verified++; verified == 1 {
				broken = true
			}
			if broken {
				return errors.New("it is broken")
			}
			return nil
		},
	}
	if err := cluster.converge(t.Context(), reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	if repairs != 2 || verified != 2 {
		t.Errorf("%d repairs and %d verifications, want 2 and 2", repairs, verified)
	}
}

// What only time cures is waited for, and its last reason is the error.
func TestConvergeWaitsForWhatNoStepCures(t *testing.T) {
	verified := 0
	late := errors.New("still healing")
	cluster := &tierOf[bool, *bool]{
		look: func(context.Context) bool { return false },
		errs: func(bool) map[string]error { return nil },
		diff: func(bool) (reconcile.Plan[*bool], error) { return reconcile.Plan[*bool]{}, nil },
		verify: func(context.Context) error {
			verified++
			return late
		},
	}
	if err := cluster.converge(t.Context(), reconcile.Silent{}); !errors.Is(err, late) {
		t.Fatalf("got %v, want %v", err, late)
	}
	if verified != 2 {
		t.Errorf("verified %d times: a glance and one wait are enough", verified)
	}
}

func TestAChangeWaitsLessForAMachineThatWasThere(t *testing.T) {
	at := func(host string, port int64) nodeModel {
		return nodeModel{Host: types.StringValue(host), Port: types.Int64Value(port)}
	}
	for name, test := range map[string]struct {
		boot   time.Duration
		before nodeModel
		want   time.Duration
	}{
		"the same":         {5 * time.Minute, at("192.0.2.1", 22), rebootPatience},
		"new":              {5 * time.Minute, nodeModel{}, 5 * time.Minute},
		"another machine":  {5 * time.Minute, at("192.0.2.2", 22), 5 * time.Minute},
		"another port":     {5 * time.Minute, at("192.0.2.1", 23), 5 * time.Minute},
		"the user's limit": {time.Second, at("192.0.2.1", 22), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			a := &access{boot: test.boot}
			if got := a.patienceWith(at("192.0.2.1", 22), test.before); got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}

func TestNamesKeepTheirSpelling(t *testing.T) {
	for said, want := range map[string]string{
		"cannot start":             "Cannot start",
		"wsrep_on cannot be set":   "wsrep_on cannot be set",
		"n1 and n3 have one host":  "n1 and n3 have one host",
		"node's address":           "Node's address",
		`"x y" is not a host name`: `"x y" is not a host name`,
		"":                         "",
	} {
		if got := capitalized(said); got != want {
			t.Errorf("%q becomes %q", said, got)
		}
	}
}
