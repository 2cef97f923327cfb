package host_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestParseReadiness(t *testing.T) {
	answer := shell.Answer{Out: `boot 4d4a1c0e-0b0f-4c6e-9f0e-3f6d0a3b1a11
clock 1700000090
state stopping
free Available Mounted
free 900 /
free 120 /var
listener 22 users:(("sshd",pid=611,fd=3))
listener 80 users:(("nginx",pid=812,fd=6),("nginx",pid=811,fd=6))
listener 9000
`}
	want := host.Readiness{
		BootID: "4d4a1c0e-0b0f-4c6e-9f0e-3f6d0a3b1a11", Stopping: true, Ahead: 90 * time.Second, FreeMiB: 120, FreeOn: "/var",
		Listeners: map[int]string{22: "sshd", 80: "nginx"},
	}
	if diff := cmp.Diff(want, host.ParseReadiness(answer, time.Unix(1700000000, 500))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The question is asked of the machine that the test runs on.
func TestReadinessOfThisMachine(t *testing.T) {
	answers, err := host.New("local", newLocal(t)).Ask(t.Context(), host.AskReadiness("readiness"))
	must(t, err)
	ready := host.ParseReadiness(answers["readiness"], time.Now())
	if ready.BootID == "" || ready.FreeOn == "" || ready.Ahead.Abs() > 5*time.Second {
		t.Errorf("%+v, from %q", ready, answers["readiness"].Out)
	}
}

func checked(name, boot, cidr string, ahead time.Duration) host.Checked {
	return host.Checked{
		Node:  host.Node{Name: name},
		Facts: host.Facts{Addresses: []host.Address{{Interface: "lo", CIDR: "127.0.0.1/8"}, {Interface: "eth0", CIDR: cidr}}},
		Ready: host.Readiness{BootID: boot, Ahead: ahead},
	}
}

func TestTwice(t *testing.T) {
	one := checked("a", "k1", "10.0.0.1/24", 0)
	for name, test := range map[string]struct {
		other host.Checked
		want  bool
	}{
		"one machine":                  {checked("b", "k1", "10.0.0.1/24", 0), true},
		"two containers of one kernel": {checked("b", "k1", "10.0.0.2/24", 0), false},
		"equal addresses behind NAT":   {checked("b", "k2", "10.0.0.1/24", 0), false},
		"nothing known":                {host.Checked{Node: host.Node{Name: "b"}}, false},
	} {
		if got := host.Twice([]host.Checked{one, test.other}); (len(got) == 1) != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSkewed(t *testing.T) {
	three := func(b time.Duration) []host.Checked {
		return []host.Checked{checked("a", "", "", time.Hour), checked("b", "", "", time.Hour+b), checked("c", "", "", time.Hour)}
	}
	for by, want := range map[time.Duration]string{
		0:                 "",
		host.MostSkew:     "",
		2 * time.Minute:   "the clock of b is 2m0s ahead of that of ",
		-90 * time.Second: "the clock of b is 1m30s behind that of ",
	} {
		if got := host.Skewed(three(by)); !strings.HasPrefix(got, want) || strings.Contains(got, ";") || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", by, got, want)
		}
	}
}
