package tier_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var departure = tier.Departure{Kind: "galera", Name: "shop"}

func TestAMachineSaysWhichAddressesItWouldTake(t *testing.T) {
	for name, test := range map[string]struct{ keepalived, maintained, want string }{
		"all":                            {"exit 0", "", "10.0.0.10/24\n10.0.0.100/24\n10.0.0.101/24"},
		"one floating IP does not":       {"exit 0", "floating-ip-db.maintenance", "10.0.0.10/24"},
		"a database in maintenance":      {"exit 0", "galera-shop.maintenance", "10.0.0.10/24\n10.0.0.100/24\n10.0.0.101/24"},
		"none while nothing could do it": {"exit 3", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h, m := newMachine(t, "10.0.0.100/24", "1")
			m.write("systemctl", "#!/bin/sh\n"+test.keepalived+"\n")
			m.publish(tier.Holder{Kind: "floating-ip", Name: "app", Addresses: []string{"10.0.0.10/24"}, Database: true})
			m.publish(tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24", "10.0.0.101/24"}, Database: true})
			m.publish(tier.Holder{Kind: "floating-ip", Name: "pages", Addresses: []string{"10.0.0.200/24"}})
			if test.maintained != "" {
				m.write(test.maintained, "drained\n")
			}
			answers, err := h.Ask(t.Context(), tier.AskCandidate("candidate"))
			if err != nil || answers["candidate"].Out != test.want {
				t.Errorf("it would take %q, %v", answers["candidate"].Out, err)
			}
		})
	}
}

// TestADepartureEndsWithItself has a command that fails until something is repaired.
func TestADepartureEndsWithItself(t *testing.T) {
	_, m := newMachine(t, "10.0.0.100/24", "1")
	file := departure.File(shell.New("touch", "/var/lib/terraform-ha/first"), shell.New("cat", "/var/lib/terraform-ha/repaired"), shell.New("rm", "/var/lib/terraform-ha/repaired"))
	if err := shelltest.Parse(t.Context(), string(file.Content)); err != nil {
		t.Fatal(err)
	}
	if file.Mode != "0700" || file.Path != "/var/lib/terraform-ha/galera-shop.departure" {
		t.Errorf("it is %s with mode %s", file.Path, file.Mode)
	}
	m.write("galera-shop.departure", strings.ReplaceAll(string(file.Content), "/var/lib/terraform-ha", m.directory))
	// What systemd runs on a machine is run here.
	run := func() error {
		_, err := m.Run(t.Context(), shell.Script(departing(t), m.directory))
		return err
	}
	err := run()
	if err == nil || !strings.Contains(err.Error(), "galera-shop.departure ended with status 1") || !strings.Contains(err.Error(), "repaired") {
		t.Errorf("got %v", err)
	}
	if m.read("galera-shop.departure") == "" {
		t.Error("it is gone before its end")
	}
	m.write("repaired", "")
	for range 2 {
		if err := run(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(m.path("galera-shop.departure")); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
}

// TestADepartureIsLongWork goes on without a connection.
func TestADepartureIsLongWork(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "db1")
	machines["db1"].Handle("tier-depart", func(*hosttest.Machine, shell.Command) (string, int, string) { return "", 1, "no room" })
	err := tier.Depart(t.Context(), hosts["db1"])
	if err == nil || err.Error()[:58] != "cannot take the machine out of its other clusters on db1: " || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"detached", "tier-depart"}, machines["db1"].Log()); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// departing is the script that runs the programs.
func departing(t *testing.T) shell.Text {
	t.Helper()
	text, err := shell.Assemble(os.DirFS("."), "depart")
	if err != nil {
		t.Fatal(err)
	}
	return shell.Text(text)
}
