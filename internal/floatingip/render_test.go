package floatingip

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestGoldens(t *testing.T) {
	base := simSpec()
	base.Check = Check{Kind: CheckGalera}
	plain := Spec{Address: "10.0.0.100/24", Nodes: simNodes[:2], Preempt: true, AdvertisementIntervalSeconds: 2, Additional: []string{"10.0.0.101/24"}}
	golden(t, "keepalived.conf", mainFile().Content)
	golden(t, "instance-galera.conf", instanceFile(base.Defaulted().valuesFor(simNodes[0], "eth1")).Content)
	golden(t, "instance-plain.conf", instanceFile(plain.Defaulted().valuesFor(simNodes[1], "eth1")).Content)
	golden(t, "firewall.nft", firewallFile(base.Defaulted().valuesFor(simNodes[0], "eth1")).Content)
	for kind, check := range checks() {
		spec := base
		spec.Check = check
		file, found := checkFile(spec.Defaulted().valuesFor(simNodes[0], "eth1"))
		if !found {
			t.Fatalf("there is no check of kind %s", kind)
		}
		golden(t, "check-"+kind+".sh", file.Content)
	}
}

func checks() map[string]Check {
	return map[string]Check{
		"galera":        {Kind: CheckGalera},
		"galera-strict": {Kind: CheckGalera, RefuseDonor: true, AllowReadOnly: true, TimeoutSeconds: 4},
		"tcp":           {Kind: CheckTCP, Port: 3306},
		"http":          {Kind: CheckHTTP, Port: 8080, Path: "/health?a='b'&c=$(d)"},
		"command":       {Kind: CheckCommand, Command: "/usr/local/bin/check-app"},
	}
}

func TestScriptsAreValidShell(t *testing.T) {
	files := sharedFiles()
	for _, check := range checks() {
		spec := simSpec()
		spec.Check = check
		file, _ := checkFile(spec.Defaulted().valuesFor(simNodes[0], "eth1"))
		files = append(files, file)
	}
	texts := map[string][]byte{
		"load": []byte(loadText), "remove": []byte(removeText), "check": []byte(runCheckText),
	}
	for _, file := range files {
		if file.Path != dropInPath {
			texts[file.Path+string(file.Content[:0])] = file.Content
		}
	}
	for name, text := range texts {
		command := exec.Command("sh", "-n")
		command.Stdin = bytes.NewReader(text)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// FuzzHTTPPath lets the check ask for any path that validation lets through; a
// stand-in for curl shows what the shell made of it.
func FuzzHTTPPath(f *testing.F) {
	for _, path := range []string{"/", "/a'b", "/$(touch pwned)", "/`id`", `/"x"`, "/a;b&c|d", `/\`} {
		f.Add(path)
	}
	bin := f.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "curl"), []byte("#!/bin/sh\nfor last; do :; done\nprintf %s \"$last\"\nexit 1\n"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		spec := simSpec()
		spec.Check = Check{Kind: CheckHTTP, Port: 80, Path: path}
		if len(spec.Validate()) > 0 {
			t.Skip("refused")
		}
		file, _ := checkFile(spec.Defaulted().valuesFor(host.Node{Name: "db1", Address: "10.0.0.11"}, "eth1"))
		text := strings.Replace(string(file.Content), "PATH=", "PATH="+bin+":", 1)
		command := exec.Command("sh")
		command.Stdin = strings.NewReader(text)
		out, _ := command.Output()
		want := "http://10.0.0.11:80" + spec.Defaulted().Check.Path + "\n"
		if string(out) != want {
			t.Errorf("asked for %q instead of %q", out, want)
		}
	})
}

// TestProgramsLieWhereOnlyRootWrites keeps programs out of /usr/local, which
// belongs to a group on some systems: Keepalived refuses to run them there.
func TestProgramsLieWhereOnlyRootWrites(t *testing.T) {
	insecure := regexp.MustCompile(`/usr/local/lib|/home/|/tmp/|/opt/`)
	v := simSpec().Defaulted().valuesFor(simNodes[0], "eth1")
	programs := 0
	for _, file := range append(wantedFiles(v), configurationFiles(v)...) {
		if found := insecure.FindString(file.Path + "\n" + string(file.Content)); found != "" {
			t.Errorf("%s leads to %s", file.Path, found)
		}
		if file.Mode == "0755" {
			programs++
			if !strings.HasPrefix(file.Path, host.ProgramDirectory+"/") {
				t.Errorf("%s is outside of %s", file.Path, host.ProgramDirectory)
			}
		}
	}
	if programs < 4 {
		t.Errorf("%d programs: what was looked at?", programs)
	}
}

// TestTheHolderIsGivenTheTimeOfItsCheck has a check that hangs each time, and an
// operator's slow advertisements.
func TestTheHolderIsGivenTheTimeOfItsCheck(t *testing.T) {
	spec := simSpec()
	spec.Additional = []string{"10.0.0.101/24"}
	spec.Check.IntervalSeconds, spec.Check.TimeoutSeconds, spec.Check.Fall, spec.AdvertisementIntervalSeconds = 10, 2, 5, 3
	want := tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24", "10.0.0.101/24"}, ReleaseSeconds: 12*5 + 5*3 + 5}
	if diff := cmp.Diff(want, spec.Defaulted().holder()); diff != "" {
		t.Errorf("what other tiers are told (-want +got):\n%s", diff)
	}
}
