package host_test

import (
	"errors"
	"os"
	"path/filepath"
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

// TestMemoryIsThatOfTheControlGroup has the kernel's files as virtual machines and
// containers show them.
func TestMemoryIsThatOfTheControlGroup(t *testing.T) {
	const (
		meminfo   = "MemFree: 100 kB\nMemTotal:        8388608 kB\n"
		unlimited = "9223372036854771712\n"
	)
	for name, test := range map[string]struct {
		files  map[string]string
		want   int
		shared bool
	}{
		"a machine": {want: 8192, files: map[string]string{
			"proc/1/cgroup": "0::/init.scope\n", "sys/fs/cgroup/cgroup.controllers": "memory\n", "sys/fs/cgroup/init.scope/memory.max": "max\n"}},
		"a machine, version 1": {want: 8192, files: map[string]string{
			"proc/1/cgroup": "4:memory:/init.scope\n0::/init.scope\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": unlimited}},
		"a container": {want: 8192, shared: true, files: map[string]string{
			"proc/1/cgroup": "0::/init.scope\n", "sys/fs/cgroup/memory.max": "max\n", "run/systemd/container": "docker\n"}},
		"a container, version 1": {want: 8192, shared: true, files: map[string]string{
			"proc/1/cgroup": "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1/init.scope\n0::/docker/1\n", "run/systemd/container": "docker\n",
			"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": unlimited}},
		"a container with a limit": {want: 2048, files: map[string]string{
			"proc/1/cgroup": "0::/init.scope\n", "sys/fs/cgroup/memory.max": "2147483648\n", "sys/fs/cgroup/init.scope/memory.max": "max\n",
			"run/systemd/container": "docker\n"}},
		"a container with a limit, version 1": {want: 2048, files: map[string]string{
			"proc/1/cgroup": "4:memory:/docker/1/init.scope\n0::/docker/1\n", "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "2147483648\n",
			"sys/fs/cgroup/memory/docker/1/init.scope/memory.limit_in_bytes": unlimited, "sys/fs/cgroup/memory/memory.limit_in_bytes": unlimited,
			"run/systemd/container": "docker\n"}},
		"a container that sees its own control group, version 1": {want: 1024, files: map[string]string{
			"proc/1/cgroup": "4:memory:/docker/1\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n", "run/systemd/container": "docker\n"}},
		"a container whose memory is what it may have": {want: 8192, files: map[string]string{
			"proc/1/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "8589934592\n", "run/systemd/container": "lxc\n"}},
		"a limit above": {want: 512, files: map[string]string{
			"proc/1/cgroup": "0::/a/b/init.scope\n", "sys/fs/cgroup/a/memory.max": "536870912\n", "sys/fs/cgroup/a/b/memory.max": "1073741824\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			machine := newLocal(t)
			machine.root = t.TempDir()
			test.files["proc/meminfo"] = meminfo
			for file, content := range test.files {
				file = filepath.Join(machine.root, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			answers, err := host.New("real", machine).Ask(t.Context(), host.AskFacts("facts"))
			if err != nil {
				t.Fatal(err)
			}
			if facts := host.ParseFacts(answers["facts"]); facts.MemoryMiB != test.want || facts.MemoryShared != test.shared {
				t.Errorf("%d MiB, shared %t, of %q", facts.MemoryMiB, facts.MemoryShared, answers["facts"].Out)
			}
		})
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
