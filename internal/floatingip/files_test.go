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
	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
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
	golden(t, "instance-galera.conf", instanceFile(base.Defaulted(), simNodes[0], "eth1").Content)
	golden(t, "instance-plain.conf", instanceFile(plain.Defaulted(), simNodes[1], "eth1").Content)
	golden(t, "firewall.nft", firewallFile(base.Defaulted(), simNodes[0], "eth1").Content)
	for kind, check := range checks() {
		spec := base
		spec.Check = check
		files := checkFiles(spec.Defaulted(), simNodes[0])
		if len(files) != 1 {
			t.Fatalf("there is no check of kind %s", kind)
		}
		golden(t, "check-"+kind+".sh", files[0].Content)
	}
}

func TestScriptsAreValidShell(t *testing.T) {
	files := append(unitFiles(), program("filters"))
	for _, check := range checks() {
		spec := simSpec()
		spec.Check = check
		files = append(files, checkFiles(spec.Defaulted(), simNodes[0])...)
	}
	texts := map[string][]byte{
		"load": []byte(loadScript), "remove": []byte(removeScript), "check": []byte(checkScript),
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

// TestProgramsLieWhereOnlyRootWrites keeps programs out of /usr/local, which
// belongs to a group on some systems: Keepalived refuses to run them there.
func TestProgramsLieWhereOnlyRootWrites(t *testing.T) {
	insecure := regexp.MustCompile(`/usr/local/lib|/home/|/tmp/|/opt/`)
	spec := simSpec()
	configuration := []host.File{mainFile(), instanceFile(spec, simNodes[0], "eth1"), spec.marker().File(), spec.published(simNodes[0]).File()}
	programs := 0
	for _, file := range append(wantedFiles(spec, simNodes[0], "eth1"), configuration...) {
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

// TestProgramsAreShell is about what is put on machines, as it is rendered.
func TestProgramsAreShell(t *testing.T) {
	for name, check := range checks() {
		for _, preempt := range []bool{false, true} {
			spec := simSpec()
			spec.Check, spec.Preempt = check, preempt
			programs := 0
			for _, file := range wantedFiles(spec.Defaulted(), simNodes[0], "eth1") {
				if file.Mode != "0755" {
					continue
				}
				programs++
				if err := shelltest.Check(t.Context(), string(file.Content)); err != nil {
					t.Errorf("%s with check %s: %v", file.Path, name, err)
				}
			}
			if programs < 4 {
				t.Errorf("with check %s there are only %d programs", name, programs)
			}
		}
	}
}
