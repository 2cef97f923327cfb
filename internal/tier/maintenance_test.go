package tier_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestWhatADrainSaidIsTakenBack puts a node back into service, with and without the program
// of floating IPs on its machine.
func TestWhatADrainSaidIsTakenBack(t *testing.T) {
	h, m := newMachine(t, "10.0.0.100/24", "0")
	record := filepath.Base(tier.MaintenanceFile("galera", "shop"))
	for _, want := range []string{"", "drained without a record\n"} {
		m.write(record, "drained\n")
		if err := tier.PutBack(t.Context(), h, "galera", "shop"); err != nil || m.read(record) != "" {
			t.Errorf("the record says %q: %v", m.read(record), err)
		}
		if diff := cmp.Diff(want, m.read("asked")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		m.write("yield", "#!/bin/sh\necho \"$* $([ -e "+m.path(record)+" ] || echo without a record)\" >>"+m.path("asked")+"\nexit 1\n")
	}
	m.write("rm", "#!/bin/sh\nexit 1\n")
	if err := tier.PutBack(t.Context(), h, "galera", "shop"); err == nil {
		t.Error("a record that stays is no error")
	}
}

// TestAMachineWhoseDatabaseIsGoneTakesNoAddress wants a holder to keep its address while the
// only other machine, whose check passes, is FAULT by the file that Keepalived reads.
func TestAMachineWhoseDatabaseIsGoneTakesNoAddress(t *testing.T) {
	for name, test := range map[string]struct {
		database bool
		gone     string
		refused  bool
	}{
		"nothing was said":           {true, "", false},
		"it serves":                  {true, "0\n", false},
		"it has stopped":             {true, "1\n", true},
		"it leads to no database":    {false, "1\n", false},
		"without an end of the line": {true, "1", true},
	} {
		t.Run(name, func(t *testing.T) {
			holder, first := newMachine(t, "10.0.0.100/24", "9999")
			_, second := newMachine(t, "10.0.0.100/24", "0")
			published := tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24"}, Database: test.database, Check: second.path("check")}
			first.publish(published)
			second.publish(published)
			second.write("check", "#!/bin/sh\n")
			second.write("systemctl", "#!/bin/sh\n")
			second.write("setpriv", "#!/bin/sh\nshift 3\nexec \"$@\"\n")
			if test.gone != "" {
				second.write("database.gone", test.gone)
			}
			err := tier.RefuseHomeless(t.Context(), host.Hosts{"db1": holder, "db2": host.New("db2", second)}, "db1")
			if _, refused := errors.AsType[*reconcile.RefusedError](err); refused != test.refused || err != nil && !refused {
				t.Errorf("got %v", err)
			}
		})
	}
}
