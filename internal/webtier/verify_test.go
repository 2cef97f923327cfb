package webtier

import (
	"testing"
	"time"
)

// TestVerifyDoesNotWaitForMachinesThatAreAway proves the others, and is an error at once
// where there are none.
func TestVerifyDoesNotWaitForMachinesThatAreAway(t *testing.T) {
	hosts, _, machines, spec := built(t)
	for _, name := range []string{"web3", "web2", "web1"} {
		machines[name].Down = true
		begin := time.Now()
		err := Verify(t.Context(), hosts.Views(), spec.Defaulted())
		if (err != nil) != (name == "web1") || time.Since(begin) > 5*time.Second {
			t.Errorf("after %s, without %s: %v", time.Since(begin), name, err)
		}
	}
}
