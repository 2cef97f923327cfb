package tier_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// machine runs commands on this machine, with folders of the test in the place of
// the machine's own. It has an address until somebody has slept for some time, which
// is counted and not done.
type machine struct {
	t         *testing.T
	directory string
}

func newMachine(t *testing.T, address, sleeps string) (*host.Host, machine) {
	t.Helper()
	m := machine{t: t, directory: t.TempDir()}
	m.write("slept", "")
	m.write("sleep", "#!/bin/sh\necho x >>"+m.path("slept")+"\n")
	m.write("ip", "#!/bin/sh\n[ \"$(wc -l <"+m.path("slept")+")\" -ge "+sleeps+" ] || echo '2: eth1    inet "+address+" scope global secondary eth1'\n")
	return host.New("db1", m), m
}

func (m machine) path(name string) string { return filepath.Join(m.directory, name) }

func (m machine) write(name, content string) {
	m.t.Helper()
	if err := os.WriteFile(m.path(name), []byte(content), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) read(name string) string {
	m.t.Helper()
	content, err := os.ReadFile(m.path(name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return string(content)
}

func (m machine) publish(holder tier.Holder) {
	file := holder.File()
	m.write(filepath.Base(file.Path), string(file.Content))
}

// slept is how often somebody slept, which is a fifth of a second each time.
func (m machine) slept() int { return strings.Count(m.read("slept"), "\n") }

// Run implements host.Runner.
func (m machine) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	paths := strings.NewReplacer(tier.DatabaseGoneFile, m.path("database.gone"), tier.DrainFile, m.path("drain"), host.MarkerDirectory, m.directory, tier.YieldProgram, m.path("yield"))
	command := exec.CommandContext(ctx, "/bin/sh", "-c", paths.Replace(c.Line()))
	command.Env = append(os.Environ(), "PATH="+m.directory+":"+os.Getenv("PATH"))
	command.Stdin = bytes.NewReader(c.Stdin())
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = &shell.ExitError{Node: "db1", Command: c, Status: exit.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	}
	return shell.Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, err
}

func TestAHolderSaysItInPlainLines(t *testing.T) {
	file := tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24", "192.0.2.7/32"}, ReleaseSeconds: 20}.File()
	want := host.File{Path: "/var/lib/terraform-ha/floating-ip-db.addresses", Mode: "0644", Content: []byte(
		`# Managed by terraform-provider-ha (floating-ip db); changes are reverted.
address 10.0.0.100/24
address 192.0.2.7/32
release-seconds 20
`)}
	if diff := cmp.Diff(want, file); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
}

// TestDrainWaitsForAsLongAsTheHolderSays has an address that is given away when the
// slow check of its own has failed, after half a minute.
func TestDrainWaitsForAsLongAsTheHolderSays(t *testing.T) {
	db := tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.99/24", "10.0.0.100/24"}, ReleaseSeconds: 70}
	for name, test := range map[string]struct {
		address, until string
		holders        []tier.Holder
		want           int
	}{
		"it is given away":              {"10.0.0.100/24", "150", []tier.Holder{db}, 150},
		"another floating IP is faster": {"10.0.0.100/24", "150", []tier.Holder{{Kind: "floating-ip", Name: "app", ReleaseSeconds: 20}, db}, 150},
		"nobody takes it":               {"10.0.0.100/24", "9999", []tier.Holder{db}, 350},
		"the times are short":           {"10.0.0.100/24", "9999", []tier.Holder{{Kind: "floating-ip", Name: "db", Addresses: db.Addresses, ReleaseSeconds: 3}}, 100},
		"another machine has it":        {"10.0.0.10/24", "9999", []tier.Holder{db}, 0},
		"there is no floating IP":       {"10.0.0.100/24", "9999", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h, m := newMachine(t, test.address, test.until)
			for _, holder := range test.holders {
				m.publish(holder)
			}
			if err := tier.Drain(t.Context(), h, tier.DrainMark("galera", "shop")); err != nil {
				t.Fatal(err)
			}
			if got := m.slept(); got != test.want {
				t.Errorf("it waited %d times, not %d", got, test.want)
			}
			if got := m.read("drain"); got != "a change of galera shop by terraform-provider-ha\n" {
				t.Errorf("the machine is drained by %q", got)
			}
		})
	}
}

// TestADrainAsksForAnOrderlyMove has the program of a floating IP, which is told how long
// the checks may take, and of the end.
func TestADrainAsksForAnOrderlyMove(t *testing.T) {
	h, m := newMachine(t, "10.0.0.100/24", "3")
	m.publish(tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24"}, ReleaseSeconds: 70})
	m.write("yield", "#!/bin/sh\necho \"$1 $2 $([ ! -e \"$3\" ] || echo drained)\" >>"+m.path("asked")+"\nexit 1\n")
	if err := tier.Drain(t.Context(), h, "mark"); err != nil || m.slept() != 3 {
		t.Errorf("it waited %d times: %v", m.slept(), err)
	}
	if err := tier.Return(t.Context(), h, "mark of another"); err != nil {
		t.Error(err)
	}
	if err := tier.Return(t.Context(), h, "mark"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("draining 70 drained\ndrained  \n", m.read("asked")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestADrainDoesNotWaitForANumberThatIsNone has a file that somebody edited.
func TestADrainDoesNotWaitForANumberThatIsNone(t *testing.T) {
	for _, number := range []string{"0900", "123456789", "70s", "-5", ""} {
		h, m := newMachine(t, "10.0.0.100/24", "9999")
		m.write("floating-ip-db.addresses", "address 10.0.0.100/24\nrelease-seconds "+number+"\n")
		if err := tier.Drain(t.Context(), h, tier.DrainMark("galera", "shop")); err != nil || m.slept() != 100 {
			t.Errorf("with %q it waited %d times: %v", number, m.slept(), err)
		}
	}
}

func TestAMachineSaysWhatItHolds(t *testing.T) {
	h, m := newMachine(t, "10.0.0.100/24", "1")
	m.publish(tier.Holder{Kind: "floating-ip", Name: "app", Addresses: []string{"10.0.0.10/24"}})
	m.publish(tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24", "10.0.0.101/24"}})
	answers, err := h.Ask(t.Context(), tier.AskHeld("held"))
	if err != nil || answers["held"].Out != "10.0.0.100/24" {
		t.Errorf("it holds %q, %v", answers["held"].Out, err)
	}
}

// TestADrainIsEndedByWhoBeganIt leaves an operator's alone.
func TestADrainIsEndedByWhoBeganIt(t *testing.T) {
	shop := tier.DrainMark("galera", "shop")
	for name, test := range map[string]struct{ content, asked, left string }{
		"by this cluster":    {shop + "\n", "drained", ""},
		"by another cluster": {tier.DrainMark("galera", "shop2") + "\n", "", tier.DrainMark("galera", "shop2") + "\n"},
		"by an operator":     {"", "", ""},
		"with a reason":      {"broken fan\n", "", "broken fan\n"},
	} {
		t.Run(name, func(t *testing.T) {
			h, m := newMachine(t, "10.0.0.100/24", "0")
			m.write("drain", test.content)
			if err := tier.Drain(t.Context(), h, shop); err != nil || m.read("drain") != test.content {
				t.Errorf("draining left %q, %v", m.read("drain"), err)
			}
			answers, err := h.Ask(t.Context(), tier.AskDrained("drained", shop))
			if err != nil || answers["drained"].Out != test.asked {
				t.Errorf("asked whether it is drained: %q, %v", answers["drained"].Out, err)
			}
			if err := tier.Return(t.Context(), h, shop); err != nil || m.read("drain") != test.left {
				t.Errorf("returning left %q, %v", m.read("drain"), err)
			}
			if _, err := os.Stat(m.path("drain")); name == "by an operator" && err != nil {
				t.Error("an operator's empty file is gone")
			}
		})
	}
}
