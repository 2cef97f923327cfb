package host_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// captured reads what a Debian 12 machine answered.
func captured(t testing.TB, name string) shell.Answer {
	t.Helper()
	out, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return shell.Answer{Out: strings.TrimRight(string(out), "\n")}
}

func TestParseFacts(t *testing.T) {
	want := host.Facts{
		Distribution: "debian", Version: "12", MemoryMiB: 24105,
		Addresses: []host.Address{{Interface: "lo", CIDR: "127.0.0.1/8"}, {Interface: "eth0", CIDR: "172.17.0.2/16"}},
	}
	if diff := cmp.Diff(want, host.ParseFacts(captured(t, "facts"))); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestParseUnits(t *testing.T) {
	want := map[string]host.UnitState{
		"cron":         {Load: "loaded", Active: "active", Sub: "running", File: "enabled", Started: 1795383026},
		"stopped":      {Load: "loaded", Active: "inactive", Sub: "dead", File: "disabled"},
		"broken":       {Load: "loaded", Active: "failed", Sub: "failed", File: "static", Started: 1795383052, NeedsDaemonReload: true},
		"held.service": {Load: "masked", Active: "inactive", Sub: "dead", File: "masked-runtime"},
		"absent":       {Load: "not-found", Active: "inactive", Sub: "dead"},
	}
	if diff := cmp.Diff(want, host.ParseUnits(captured(t, "unit-states"))); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
}

func TestParsePackages(t *testing.T) {
	want := map[string]string{"systemd": "252.39-1~deb12u2", "openssh-server": "1:9.2p1-2+deb12u10"}
	if diff := cmp.Diff(want, host.ParsePackages(captured(t, "package-versions"))); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestTheSimulatedMachineAnswersTheSame(t *testing.T) {
	m := hosttest.New(t, "db1")
	m.Facts = host.ParseFacts(captured(t, "facts"))
	m.Packages = host.ParsePackages(captured(t, "package-versions"))
	answers, err := host.New("db1", m).Ask(t.Context(), host.AskFacts("facts"), host.AskPackages("packages", "systemd", "openssh-server", "absent"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.Facts, host.ParseFacts(answers["facts"])); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.Packages, host.ParsePackages(answers["packages"])); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestSupported(t *testing.T) {
	for distribution, supported := range map[string]bool{"debian": true, "ubuntu": true, "almalinux": false, "": false} {
		err := host.Facts{Distribution: distribution, Version: "9"}.Supported("web1")
		var unsupported *host.SupportError
		if (err == nil) != supported || (err != nil && !errors.As(err, &unsupported)) {
			t.Errorf("%q: %v", distribution, err)
		}
	}
}

func TestFactsOfThisMachine(t *testing.T) {
	if _, err := os.Stat("/etc/os-release"); err != nil {
		t.Skip("this system does not say what it is")
	}
	answers, err := host.New("real", newLocal(t)).Ask(t.Context(), host.AskFacts("facts"))
	if err != nil {
		t.Fatal(err)
	}
	facts := host.ParseFacts(answers["facts"])
	if facts.Distribution == "" || facts.MemoryMiB == 0 {
		t.Errorf("got %+v of %+v", facts, answers["facts"])
	}
}

func FuzzParsers(f *testing.F) {
	for _, name := range []string{"facts", "unit-states", "package-versions"} {
		f.Add(captured(f, name).Out)
	}
	f.Add("0644 root root 1700000000 /etc/a b\n" + host.Digest(nil) + "  /etc/a b\n")
	f.Add("Unit=\nUnit=x\nExecMainStartTimestamp=never\n\n\nLoadState=loaded\n")
	f.Fuzz(func(t *testing.T, out string) {
		answer := shell.Answer{Out: out}
		host.ParseFacts(answer)
		for name, state := range host.ParseFiles(answer) {
			if name == "" && !strings.Contains(out, " \n") && !strings.HasSuffix(out, " ") {
				t.Errorf("a file without a name: %+v", state)
			}
		}
		for name := range host.ParseUnits(answer) {
			if name == "" {
				t.Error("a unit without a name")
			}
		}
		for name := range host.ParsePackages(answer) {
			if name == "" {
				t.Error("a package without a name")
			}
		}
	})
}
