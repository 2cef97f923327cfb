package webtier

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestWipingEndsAtOtherFileSystems has another file system, and a directory of the same
// one from elsewhere, mounted in the document root, in a namespace of the test's own.
func TestWipingEndsAtOtherFileSystems(t *testing.T) {
	h := newHostile(t)
	if out, err := exec.CommandContext(t.Context(), "unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("this machine lets nobody mount: %v: %s", err, out)
	}
	s := h.spec
	elsewhere := filepath.Join(filepath.Dir(s.DocumentRoot), "elsewhere")
	must(t, os.Mkdir(elsewhere, 0o755))
	wipe := shell.Script(wipeRootScript, append([]string{s.DocumentRoot, "", s.state()}, s.guarded()...)...).Line()
	for name, mount := range map[string]string{
		"another file system":    `mount -t tmpfs none "$1"`,
		"a directory, from here": `mount --bind "$2" "$1"`,
	} {
		t.Run(name, func(t *testing.T) {
			must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
			below := filepath.Join(s.DocumentRoot, "media/shop")
			must(t, os.MkdirAll(below, 0o755))
			must(t, os.WriteFile(filepath.Join(s.DocumentRoot, "index.php"), nil, 0o644))
			out, err := exec.CommandContext(t.Context(), "unshare", "-m", "--propagation", "private", "/bin/sh", "-c",
				mount+` && echo precious >"$1/file" || exit 9
/bin/sh -c "$3"; status=$?
cat "$1/file"
exit $status`, "sh", below, elsewhere, wipe).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "would be wiped as well; unmount them first: "+below) || !strings.HasSuffix(string(out), "precious\n") {
				t.Errorf("%v: %s", err, out)
			}
			if _, err := os.Stat(filepath.Join(s.DocumentRoot, "index.php")); err != nil {
				t.Errorf("the site was wiped in part: %v", err)
			}
			must(t, wipeRoot(s)(t.Context(), h.host))
			if _, err := os.Stat(s.DocumentRoot); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("without it the site is still there: %v", err)
			}
		})
	}
}

// An apply that ended early leaves machines without the mount: another one wipes.
func TestAMachineWithTheMountWipes(t *testing.T) {
	hosts, tier, _, spec := built(t)
	tier.Servers["web1"].Mounted = ""
	plan, err := removeSim(t, hosts, spec, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	if tier.Volume.Root {
		t.Error("the site is still there")
	}
	for name, server := range tier.Servers {
		if server.Exists(spec.marker().Path()) {
			t.Errorf("%s still belongs to the tier", name)
		}
	}
}

func TestRemove(t *testing.T) {
	for _, wipe := range []bool{false, true} {
		t.Run(fmt.Sprintf("wipe %v", wipe), func(t *testing.T) {
			hosts, tier, machines, spec := built(t)
			machines["web3"].Down = true
			plan, err := removeSim(t, hosts, spec, wipe)
			if err != nil {
				t.Fatal(err)
			}
			if err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"web1", "web2"} {
				if tier.Servers[name].Exists(spec.marker().Path()) || machines[name].Unit(apacheUnit).Running() {
					t.Errorf("%s still serves", name)
				}
			}
			if tier.Volume.Root == wipe {
				t.Errorf("files are there: %v", tier.Volume.Root)
			}
			if plan, _ := removeSim(t, hosts, spec, wipe); !plan.Empty() {
				t.Errorf("left: %q", plan.Titles())
			}
		})
	}
}

// TestAMachineThatWasToLeaveIsRemoved ends a tier while a machine is to leave it.
func TestAMachineThatWasToLeaveIsRemoved(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	spec.Nodes, spec.Leaving = spec.Nodes[:2], spec.Nodes[2:]
	plan, err := removeSim(t, hosts, spec, true)
	must(t, err)
	must(t, reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}))
	for name, machine := range machines {
		if tier.Servers[name].Exists(spec.marker().Path()) || machine.Unit(apacheUnit).Running() {
			t.Errorf("%s still serves", name)
		}
	}
	if tier.Volume.Root {
		t.Error("the site is still there")
	}
}

// TestATierThatIsBuiltAgainCanBeWipedAgain has a removal end between the machines, and an
// apply after it.
func TestATierThatIsBuiltAgainCanBeWipedAgain(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2")
	spec := good()
	spec.Nodes = spec.Nodes[:2]
	must(t, convergeSim(t, hosts, spec, nil))
	machines["web2"].FailNext("web-set-kernel")
	remove := func() error {
		plan, err := removeSim(t, hosts, spec, true)
		must(t, err)
		return reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{})
	}
	if err := remove(); err == nil || tier.Volume.Root || !tier.Servers["web2"].Exists(spec.wipedNote()) {
		t.Fatalf("got %v, %+v", err, tier.Volume)
	}
	if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()["web2"]); !strings.Contains(drift, "its removal from web tier shop was interrupted") {
		t.Errorf("the plan says %s", drift)
	}
	must(t, convergeSim(t, hosts, spec, nil))
	if plan := planSim(t, hosts, spec); !plan.Empty() || !tier.Volume.Root {
		t.Errorf("left: %v", plan.Drift())
	}
	must(t, remove())
	if tier.Volume.Root {
		t.Error("the site is still there")
	}
}

// TestANoteOfAnEarlierWipeDoesNotKeepASite has a machine that was away while the site was
// made again, and still has the note of the removal before that.
func TestANoteOfAnEarlierWipeDoesNotKeepASite(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2")
	spec := good()
	spec.Nodes = spec.Nodes[:2]
	must(t, convergeSim(t, hosts, spec, nil))
	must(t, hosts["web2"].WriteFile(t.Context(), host.File{Path: spec.wipedNote(), Mode: "0644"}))
	plan, err := removeSim(t, hosts, spec, true)
	must(t, err)
	must(t, reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}))
	if tier.Volume.Root {
		t.Error("the site is still there")
	}
}

func TestEveryFaultOfARemovalIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines, spec := built(t)
		remove := func() error {
			plan, err := removeSim(t, hosts, spec, true)
			must(t, err)
			return reconcile.Run(hosttest.Interruptible(t.Context()), plan, Target{Hosts: hosts}, reconcile.Silent{})
		}
		fault.Arm(machines)
		first := remove()
		fault.Disarm()
		if err := remove(); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		if plan, err := removeSim(t, hosts, spec, true); err != nil || !plan.Empty() || tier.Volume.Root {
			t.Errorf("left: %v, %v, %+v", plan.Titles(), err, tier.Volume)
		}
	})
}
