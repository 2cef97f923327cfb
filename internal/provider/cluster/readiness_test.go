package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// An interface may come up after the one that the first login goes through.
func TestAnAddressMayComeLater(t *testing.T) {
	for name, test := range map[string]struct {
		// after is how often the machine is asked before it has the address.
		after int
		own   bool
		want  bool
		took  time.Duration
	}{
		"at once":    {0, true, true, 0},
		"later":      {3, true, true, 2 * time.Second},
		"never":      {1000, true, false, addressPatience},
		"not needed": {1000, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machine, asked := hosttest.New(t, "n1"), 0
				machine.HandleQuery("facts", func(*hosttest.Machine, shell.Command) (string, int, string) {
					asked++
					if asked <= test.after {
						return "distribution debian\naddress eth0 203.0.113.11/24\n", 0, ""
					}
					return "distribution debian\naddress eth0 203.0.113.11/24\naddress eth1 10.0.0.11/24\n", 0, ""
				})
				begin, a := time.Now(), &Access{BootTimeout: time.Minute}
				node := host.Node{Name: "n1", Address: "10.0.0.11"}
				seen, err := a.checked(t.Context(), host.New("n1", machine).View, node, test.own)
				if err != nil || seen.Facts.Has(node.Address) != test.want || time.Since(begin) != test.took {
					t.Errorf("%+v, %v after %s", seen.Facts.Addresses, err, time.Since(begin))
				}
			})
		})
	}
}

// TestAMachineThatShutsDownIsWaitedFor has a machine that the apply before has told to reboot.
func TestAMachineThatShutsDownIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, machines := hosttest.Cluster(t, "db1")
		machines["db1"].Ready.Stopping = true
		access := &Access{BootTimeout: time.Minute}
		checked, err := access.checked(t.Context(), hosts["db1"].View, host.Node{Name: "db1"}, false)
		if err != nil || checked.Ready.Stopping || checked.Ready.BootID == "" {
			t.Errorf("%+v, %v", checked, err)
		}
		if asked := len(machines["db1"].Log()); asked != 6 { // a batch of two questions each time
			t.Errorf("it was asked %d times", asked)
		}
	})
}
