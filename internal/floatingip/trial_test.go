package floatingip

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// wrong is an HTTP check that machines can be told to reject.
var wrong = Check{Kind: CheckHTTP, Port: 80, Path: "/wrong"}

func (s Spec) checkedBy(check Check) Spec {
	s.Check = check
	return s.Defaulted()
}

// checksInPlace are the checks of the machines.
func (n *network) checksInPlace() map[string]string {
	checks := map[string]string{}
	for name, m := range n.machines {
		m.Locked(func() { checks[name] = m.Files[checkPath("db")].Content })
	}
	return checks
}

func (n *network) leavesNoTrial() {
	n.t.Helper()
	for name, m := range n.machines {
		if _, found := m.Files[trialPath("db")]; found {
			n.t.Errorf("%s has %s", name, trialPath("db"))
		}
	}
}

// TestANewCheckIsTried has every kind of check become another one.
func TestANewCheckIsTried(t *testing.T) {
	all := checks()
	all["none"] = Check{Kind: CheckNone}
	for from, before := range all {
		for to, after := range all {
			t.Run(from+" to "+to, func(t *testing.T) {
				n := newNetwork(t)
				if _, err := n.converge(simSpec().checkedBy(before)); err != nil || n.Trials > 0 {
					t.Fatalf("%v; %d trials where there was no holder yet", err, n.Trials)
				}
				changed := simSpec().checkedBy(after)
				plan, err := Diff(changed, Observe(t.Context(), n.hosts.Views(), changed))
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"db1: try the new check", "db2: try the new check", "db3: try the new check"}
				if to == "none" || to == from {
					want = nil
				}
				tried := slices.DeleteFunc(plan.Titles(), func(title string) bool { return !strings.HasSuffix(title, "try the new check") })
				if diff := cmp.Diff(want, tried, cmp.Transformer("sort", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
					t.Errorf("trials (-want +got):\n%s", diff)
				}
				n.mustConverge(changed)
				if n.Trials != len(want) {
					t.Errorf("%d trials", n.Trials)
				}
				n.leavesNoTrial()
			})
		}
	}
}

// TestAWrongCheckIsPutInPlaceNowhere has a check that fails on some machines on which the
// one before it passes.
func TestAWrongCheckIsPutInPlaceNowhere(t *testing.T) {
	for name, test := range map[string]struct {
		before  Check
		rejects []string
		want    string
	}{
		"everywhere":          {simSpec().Check, []string{"db1", "db2", "db3"}, "the check that is in place passes there, and the node "},
		"on the holder":       {simSpec().Check, []string{"db1"}, "the check that is in place passes there, and the node holds 10.0.0.100"},
		"on another machine":  {simSpec().Check, []string{"db3"}, "the node can take over 10.0.0.100; nothing but missing packages was installed"},
		"another path":        {Check{Kind: CheckHTTP, Port: 80, Path: "/right"}, []string{"db1", "db2", "db3"}, "nothing was changed on any machine. Correct the check"},
		"where there is none": {Check{Kind: CheckNone}, []string{"db1"}, "there is no check in place, and the node holds 10.0.0.100"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			if _, err := n.converge(simSpec().checkedBy(test.before)); err != nil {
				t.Fatal(err)
			}
			before := n.checksInPlace()
			for _, name := range test.rejects {
				n.Daemons[name].Rejects = "/wrong"
			}
			changed := simSpec().checkedBy(wrong)
			_, err := n.converge(changed)
			refused, found := errors.AsType[*reconcile.RefusedError](err)
			if !found || !slices.Contains(test.rejects, refused.Node) || cmp.Diff(tier.At("check"), refused.Path) != "" {
				t.Fatalf("got %v", err)
			}
			for _, want := range []string{test.want, "cannot try the new check on " + refused.Node, "with exit status 1: curl: (22) The requested URL returned error: 404"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
			if diff := cmp.Diff(before, n.checksInPlace()); diff != "" {
				t.Errorf("checks (-before +now):\n%s", diff)
			}
			if holders := Observe(t.Context(), n.hosts.Views(), changed).Holders; !slices.Equal(holders, []string{"db1"}) || n.Moves > 0 {
				t.Errorf("held by %v after %d moves", holders, n.Moves)
			}
			n.leavesNoTrial()
			for _, name := range test.rejects {
				n.Daemons[name].Rejects = ""
			}
			n.mustConverge(changed)
		})
	}
}

// TestAWrongCheckWouldTakeTheAddress is what the trials are for.
func TestAWrongCheckWouldTakeTheAddress(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	for i, node := range simNodes {
		n.Daemons[node.Name].Rejects = "/wrong"
		n.machines[node.Name].WriteFile(checkPath("db"), string(checkFiles(simSpec().checkedBy(wrong), simNodes[i])[0].Content))
	}
	if holders := Observe(t.Context(), n.hosts.Views(), simSpec()).Holders; len(holders) > 0 {
		t.Errorf("held by %v", holders)
	}
}

// TestWhoCannotHaveTheAddressDecidesNothing has a wrong check on machines that lose nothing
// by it.
func TestWhoCannotHaveTheAddressDecidesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		harm   func(n *network, m *hosttest.Machine, d *floatingiptest.Daemon)
		change func(*Spec)
		trials int
	}{
		"its check fails": {harm: func(_ *network, _ *hosttest.Machine, d *floatingiptest.Daemon) { d.Unfit = true }, trials: 2},
		"its check fails since a moment": {harm: func(n *network, m *hosttest.Machine, d *floatingiptest.Daemon) {
			n.OnTrial = func() { d.Unfit = true }
		}, trials: 3},
		"keepalived is stopped": {harm: func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) { _ = m.Stop("keepalived") }, trials: 2},
		"it is in maintenance": {harm: func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.WriteFile(tier.MaintenanceFile(Kind, "db"), "drained\n")
		}, change: func(s *Spec) { s.Maintenance = map[string]tier.Maintenance{"db2": tier.Drained} }, trials: 2},
		"it is to be in maintenance": {change: func(s *Spec) { s.Maintenance = map[string]tier.Maintenance{"db2": tier.Drained} }, trials: 2},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.mustConverge(simSpec())
			n.Daemons["db2"].Rejects = "/wrong"
			if test.harm != nil {
				test.harm(n, n.machines["db2"], n.Daemons["db2"])
			}
			changed := simSpec().checkedBy(wrong)
			if test.change != nil {
				test.change(&changed)
			}
			n.mustConverge(changed)
			if n.Trials != test.trials || !strings.Contains(n.checksInPlace()["db2"], "/wrong") {
				t.Errorf("%d trials; the check is %s", n.Trials, n.checksInPlace()["db2"])
			}
		})
	}
}

// TestANewMachineTriesNothing has a machine join with another check for all.
func TestANewMachineTriesNothing(t *testing.T) {
	n, spec := newNetwork(t), simSpec()
	spec.Nodes = simNodes[:2]
	n.mustConverge(spec)
	n.Daemons["db3"].Rejects = "/wrong"
	n.mustConverge(simSpec().checkedBy(wrong))
	if n.Trials != 2 {
		t.Errorf("%d trials", n.Trials)
	}
}

// TestATrialMeetsEveryFault changes a check of which no machine has the program yet.
func TestATrialMeetsEveryFault(t *testing.T) {
	changed := simSpec().checkedBy(Check{Kind: CheckHTTP, Port: 80, Path: "/health"})
	clean := newNetwork(t)
	clean.mustConverge(simSpec())
	clean.mustConverge(changed)
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newNetwork(t)
		n.mustConverge(simSpec())
		fault.Arm(n.machines)
		_, err := n.converge(changed)
		fault.Disarm()
		if before := n.checksInPlace(); strings.HasSuffix(fault.Struck(), "keepalived-trial") && (err == nil || slices.ContainsFunc(slices.Collect(maps.Values(before)), func(check string) bool { return strings.Contains(check, "/health") })) {
			t.Errorf("%v, and the checks are %v", err, before)
		}
		n.mustConverge(changed)
		if diff := cmp.Diff(clean.state(), n.state()); diff != "" {
			t.Errorf("state (-without +with fault):\n%s", diff)
		}
		if drift := n.drift(changed); len(drift) > 0 || !n.Daemons["db1"].Held && n.Fled == 0 || n.Moves > 0 {
			t.Errorf("left: %v; the address moved %d times", drift, n.Moves)
		}
		n.leavesNoTrial()
	})
}

// TestWhatATrialLeftIsRemoved is about a machine that lost its power meanwhile.
func TestWhatATrialLeftIsRemoved(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"left": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.WriteFile(trialPath("db"), "#!/bin/sh\n")
		}, trialPath("db") + " is left over"},
	})
	n := newNetwork(t)
	n.mustConverge(simSpec())
	n.machines["db2"].WriteFile(trialPath("db"), "#!/bin/sh\n")
	n.mustConverge(simSpec().checkedBy(Check{Kind: CheckGalera}))
	n.leavesNoTrial()
}

// TestTheTrialRunsWhatKeepalivedRuns runs it in a real shell. A line of "new" and "old" is
// what the check says at each run; one that says nothing passes.
func TestTheTrialRunsWhatKeepalivedRuns(t *testing.T) {
	const failing = "404\n404\n404\n404\n"
	checked := string(instanceFile(simSpec().checkedBy(Check{Kind: CheckTCP, Port: 80, TimeoutSeconds: 2}), simNodes[0], "eth1").Content)
	unchecked := string(instanceFile(simSpec().checkedBy(Check{Kind: CheckNone}), simNodes[0], "eth1").Content)
	for name, test := range map[string]struct {
		new, old, instance string
		nobody, without    bool
		want, ran          string
	}{
		"it passes":                        {instance: checked, ran: "new-9"},
		"it passes the second time":        {new: "404\n", instance: checked, ran: "new-9 old-2 slept-5 new-9"},
		"it passes at last":                {new: "404\n404\n", instance: checked, ran: "new-9 old-2 slept-5 new-9 old-2 slept-5 new-9"},
		"it fails":                         {new: failing, instance: checked, want: "7\n404", ran: "new-9 old-2 slept-5 new-9 old-2 slept-5 new-9 old-2"},
		"the other one is slow once":       {new: failing, old: "slow\n", instance: checked, want: "7\n404", ran: "new-9 old-2 slept-5 new-9 old-2 slept-5 new-9 old-2"},
		"both fail":                        {new: failing, old: failing, instance: checked, ran: "new-9 old-2 slept-5 new-9 old-2 slept-5 new-9 old-2"},
		"what both ask is back":            {new: failing, old: "down\ndown\n", instance: checked, ran: "new-9 old-2 slept-5 new-9 old-2 slept-5 new-9 old-2"},
		"no check before":                  {new: failing, instance: unchecked, want: "7\n404", ran: "new-9 slept-5 new-9 slept-5 new-9"},
		"the check before is gone":         {new: failing, instance: checked, without: true, ran: "new-9 slept-5 new-9 slept-5 new-9"},
		"there is no user that could fail": {new: failing, instance: checked, nobody: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.program("id", `[ ! -e "$STAGE/nobody" ]`)
			s.program("setpriv", `[ "$1 $2 $3" = "--reuid=`+scriptUser+` --regid=`+scriptUser+` --clear-groups" ] || exit 9; shift 3; exec "$@"`)
			s.program("timeout", `case $2 in *.trial) echo "new-$1" ;; *) echo "old-$1" ;; esac >>"$STAGE/ran"; shift; exec "$@"`)
			s.program("sleep", `echo "slept-$1" >>"$STAGE/ran"`)
			says := func(which string) string {
				return `#!/bin/sh
said=$(sed -n 1p "$STAGE/` + which + `"); sed -i 1d "$STAGE/` + which + `"
[ -z "$said" ] || { echo "$said" >&2; exit 7; }
`
			}
			s.write("new", test.new)
			s.write("old", test.old)
			s.write("instance", test.instance)
			if !test.without {
				s.write("check-db", says("old"))
			}
			if test.nobody {
				s.write("nobody", "")
			}
			command := shell.Script(trialScript, s.path("check-db"), s.path("check-db.trial"), scriptUser, "9", "3", "5", s.path("instance")).WithStdin([]byte(says("new")))
			run := exec.CommandContext(t.Context(), "/bin/sh", "-c", command.Line())
			run.Env, run.Stdin = []string{"PATH=" + s.folder + ":" + os.Getenv("PATH"), "STAGE=" + s.folder}, bytes.NewReader(command.Stdin())
			out, err := run.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			got := []string{strings.TrimSpace(string(out)), strings.Join(strings.Fields(s.read("ran")), " ")}
			if diff := cmp.Diff([]string{test.want, test.ran}, got); diff != "" {
				t.Errorf("what it says and what ran (-want +got):\n%s", diff)
			}
			if (parseTrial(string(out)) != "") != (test.want != "") {
				t.Errorf("%q is read as %q", out, parseTrial(string(out)))
			}
			if _, err := os.Stat(s.path("check-db.trial")); !os.IsNotExist(err) {
				t.Errorf("the check that was tried is there: %v", err)
			}
		})
	}
}

// TestATrialWithoutReaderLeavesNothing has the connection break while a check is tried.
func TestATrialWithoutReaderLeavesNothing(t *testing.T) {
	s := newStage(t)
	s.program("id", "")
	s.program("setpriv", `shift 3; exec "$@"`)
	s.program("timeout", `kill -PIPE "$PPID"; exit 1`)
	s.write("instance", "")
	command := shell.Script(trialScript, s.path("check-db"), s.path("check-db.trial"), scriptUser, "9", "3", "5", s.path("instance"))
	run := exec.CommandContext(t.Context(), "/bin/sh", "-c", command.Line())
	run.Env = []string{"PATH=" + s.folder + ":" + os.Getenv("PATH"), "STAGE=" + s.folder}
	out, err := run.CombinedOutput()
	if _, stat := os.Stat(s.path("check-db.trial")); !os.IsNotExist(stat) {
		t.Errorf("%v: %s; the check that was tried is there: %v", err, out, stat)
	}
}

func TestParseTrial(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "",
		"22\nnot found\n":    "the new check fails there 3 times in a row, with exit status 22: not found",
		"124\n\n":            "the new check fails there 3 times in a row, with exit status 124: the check does not end in time",
		"1\n\n":              "the new check fails there 3 times in a row, with exit status 1: it says nothing",
		"no status at all\n": "",
	} {
		if got := parseTrial(text); got != want {
			t.Errorf("%q is read as %q instead of %q", text, got, want)
		}
	}
}
