package webtier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

func simulate(t *testing.T, names ...string) (host.Hosts, *webtiertest.Tier, map[string]*hosttest.Machine) {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, names...)
	return hosts, webtiertest.Install(t, machines, good().Name), machines
}

func convergeSim(t *testing.T, hosts host.Hosts, spec Spec, balancer Balancer) error {
	t.Helper()
	spec = spec.Defaulted()
	_, err := reconcile.Converge(t.Context(),
		func(ctx context.Context) (Status, error) { return Observe(ctx, hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) },
		Target{Hosts: hosts, Balancer: balancer}, reconcile.Silent{})
	return err
}

func observeSim(t *testing.T, hosts host.Hosts, spec Spec) Status {
	t.Helper()
	return Observe(t.Context(), hosts.Views(), spec.Defaulted())
}

func diffSim(t *testing.T, hosts host.Hosts, spec Spec) (Plan, error) {
	t.Helper()
	return Diff(spec.Defaulted(), observeSim(t, hosts, spec))
}

func planSim(t *testing.T, hosts host.Hosts, spec Spec) Plan {
	t.Helper()
	plan, err := diffSim(t, hosts, spec)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func removeSim(t *testing.T, hosts host.Hosts, spec Spec, wipe bool) (Plan, error) {
	t.Helper()
	return Remove(spec.Defaulted(), observeSim(t, hosts, spec), wipe)
}

func built(t *testing.T) (host.Hosts, *webtiertest.Tier, map[string]*hosttest.Machine, Spec) {
	t.Helper()
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Fatalf("the second plan is %q %v", plan.Titles(), plan.Drift())
	}
	return hosts, tier, machines, spec
}

func TestBuildsInParallelAndThenDoesNothing(t *testing.T) {
	hosts, _, machines, spec := built(t)
	if err := Verify(t.Context(), hosts.Views(), spec.Defaulted()); err != nil {
		t.Error(err)
	}
	seen := observeSim(t, hosts, Spec{Name: spec.Name, Nodes: spec.Nodes}).Nodes["web1"]
	if seen.Detail["document_root"] != spec.DocumentRoot || seen.Detail["mount_source"] != spec.Mount.Source {
		t.Errorf("an import sees %v", seen.Detail)
	}
	machines["web1"].Forget()
	planSim(t, hosts, spec)
	commands := 0
	for _, label := range machines["web1"].Log() {
		if label == "batch" {
			commands++
		}
	}
	if commands != 1 {
		t.Errorf("observing takes %d commands", commands)
	}
}

// TestLocalFiles is a tier without a mount: every node has its own files.
func TestLocalFiles(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.Mount = nil
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	for name, s := range tier.Servers {
		if !s.Serving() || !s.Local.Root || tier.Volume.Root || machines[name].Packages["glusterfs-client"] != "" {
			t.Errorf("%s: serves %t, files %+v, volume %+v", name, s.Serving(), s.Local, tier.Volume)
		}
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("the second plan is %q %v", plan.Titles(), plan.Drift())
	}
	plan, err := removeSim(t, hosts, spec, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	for name, s := range tier.Servers {
		if s.Local.Root {
			t.Errorf("the files are still on %s", name)
		}
	}
}

func TestDriftIsSeenAndRepaired(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*webtiertest.Server)
		want string
	}{
		"apache masked":  {func(s *webtiertest.Server) { s.Machine.Kill(apacheUnit); s.Machine.Unit(apacheUnit).Masked = true }, "apache2 is masked"},
		"apache stopped": {func(s *webtiertest.Server) { s.Machine.Kill(apacheUnit) }, "apache2 is "},
		"fpm stopped":    {func(s *webtiertest.Server) { s.Machine.Kill("php8.2-fpm.service") }, "php8.2-fpm.service is "},
		"vhost edited": {func(s *webtiertest.Server) {
			s.Machine.WriteFile("/etc/apache2/sites-available/terraform-ha-shop.conf", "x")
		},
			"terraform-ha-shop.conf differs"},
		"mount gone":     {func(s *webtiertest.Server) { s.Mounted = "" }, "10.0.0.21:/content is not mounted at /srv/www"},
		"other mount":    {func(s *webtiertest.Server) { s.Mounted = "10.0.0.21:/other" }, "10.0.0.21:/other (fuse.glusterfs) is mounted at /srv/www instead of 10.0.0.21:/content"},
		"not loaded":     {func(s *webtiertest.Server) { s.Machine.WriteFile(pendingDirectory+"/"+apacheService, "") }, "apache2 has not loaded its configuration"},
		"default site":   {func(s *webtiertest.Server) { s.Enabled["sites-enabled/"+defaultSite] = true }, "sites-enabled/000-default.conf is enabled"},
		"keepalive":      {func(s *webtiertest.Server) { s.Kernel["/proc/sys/net/ipv4/tcp_keepalive_time"] = "7200" }, "net.ipv4.tcp_keepalive_time is 7200 instead of 5"},
		"marker removed": {func(s *webtiertest.Server) { s.Machine.RemoveAll(good().marker().Path()) }, "not marked"},
		"package gone":   {func(s *webtiertest.Server) { delete(s.Machine.Packages, "php-gd") }, "not installed: php-gd"},
		"wedged":         {func(s *webtiertest.Server) { s.Wedged = true }, "/healthz answers 503 instead of 200"},
		"left drained":   {func(s *webtiertest.Server) { s.Machine.WriteFile(drainFile, drainMark+"\n") }, "interrupted change"},
		"left rolling":   {func(s *webtiertest.Server) { s.Machine.WriteFile(good().rollingFile(), "") }, "interrupted change"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _, spec := built(t)
			test.do(tier.Servers["web2"])
			drift := planSim(t, hosts, spec).Drift()
			if got := strings.Join(drift["web2"], "; "); len(drift) != 1 || !strings.Contains(got, test.want) {
				t.Errorf("drift is %v, want %q", drift, test.want)
			}
			if err := convergeSim(t, hosts, spec, nil); err != nil {
				t.Fatal(err)
			}
			if plan := planSim(t, hosts, spec); !plan.Empty() {
				t.Errorf("left: %v", plan.Drift())
			}
		})
	}
}

func TestDrainedByHandIsNoDrift(t *testing.T) {
	hosts, tier, _, spec := built(t)
	tier.Servers["web2"].Machine.WriteFile(drainFile, "maintenance\n")
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("plan: %v", plan.Drift())
	}
}

func TestRollsBehindTheBalancer(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := balancerFor(spec)
	spec.ServerName = "shop.example.org"
	if err := convergeSim(t, hosts, spec, balancer); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, node := range spec.Nodes {
		want = append(want, "drain "+node.Address+":80", "accept "+node.Address+":80")
	}
	if diff := cmp.Diff(want, balancer.log); diff != "" {
		t.Errorf("the balancer was asked (-want +got):\n%s", diff)
	}
}

// TestRollsBeforeTheBalancerKnowsTheNodes is a tier whose first apply failed when
// it served already: balancers get their backends from a tier that is built.
func TestRollsBeforeTheBalancerKnowsTheNodes(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := &memoryBalancer{}
	spec.ServerName = "shop.example.org"
	if err := convergeSim(t, hosts, spec, balancer); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}

// TestABalancerOfOthersIsRefused names one that sends its visitors elsewhere.
func TestABalancerOfOthersIsRefused(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := &memoryBalancer{modes: map[string]string{"192.168.128.9:80": "accept"}}
	spec.ServerName = "shop.example.org"
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, balancer); !errors.As(err, &refused) || !strings.Contains(err.Error(), "192.168.128.9:80") {
		t.Errorf("got %v", err)
	}
}

// TestAnOperatorsModeStays has somebody keep visitors away from a node at the
// balancer, which is changed all the same.
func TestAnOperatorsModeStays(t *testing.T) {
	hosts, _, _, spec := built(t)
	balancer := balancerFor(spec)
	address := spec.Defaulted().backend(spec.Nodes[0])
	balancer.modes[address] = "reject"
	spec.ServerName = "shop.example.org"
	if _, err := diffSim(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	// The others cannot be drained, because only one more serves visitors.
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, balancer); !errors.As(err, &refused) || refused.Node != "web2" {
		t.Errorf("got %v", err)
	}
	if balancer.modes[address] != "reject" {
		t.Errorf("the mode is %s", balancer.modes[address])
	}
}

// TestAnOperatorsDrainFileIsNotWaitedFor finds it beside the note of a change that
// did not finish.
func TestAnOperatorsDrainFileIsNotWaitedFor(t *testing.T) {
	hosts, _, machines, spec := built(t)
	balancer := balancerFor(spec)
	address := spec.Defaulted().backend(spec.Nodes[0])
	balancer.modes[address], balancer.down = "drain", map[string]bool{address: true}
	machines["web1"].WriteFile(drainFile, "broken fan\n")
	machines["web1"].WriteFile(spec.Defaulted().rollingFile(), drainMark+"\n")
	if err := convergeSim(t, hosts, spec, balancer); err != nil {
		t.Fatal(err)
	}
	if balancer.modes[address] != "accept" || machines["web1"].Files[drainFile].Content != "broken fan\n" {
		t.Errorf("the mode is %s, the file %q", balancer.modes[address], machines["web1"].Files[drainFile].Content)
	}
}

func TestUnreachableIsNotDrift(t *testing.T) {
	hosts, _, machines, spec := built(t)
	machines["web3"].Down = true
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("plan: %v", plan.Drift())
	}
}

func TestRefusedConfigurationLeavesTheNodeServing(t *testing.T) {
	hosts, tier, _, spec := built(t)
	bad := spec
	bad.ServerName = "refused.example.org"
	tier.Servers["web1"].Refuse = bad.ServerName
	balancer := balancerFor(spec)
	if err := convergeSim(t, hosts, bad, balancer); err == nil {
		t.Fatal("it was accepted")
	}
	if !tier.Servers["web1"].Serving() || balancer.modes["10.0.0.11:80"] != "accept" {
		t.Errorf("web1 does not serve: %v", balancer.modes)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Drift())
	}
}

func TestRefusesForeignMachines(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	tier.Servers["web2"].Enabled["sites-enabled/intranet.conf"] = true
	if _, err := diffSim(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "intranet") {
		t.Errorf("got %v", err)
	}
	spec.Adopt = true
	if _, err := diffSim(t, hosts, spec); err != nil {
		t.Error(err)
	}
	other := good()
	other.Name = "blog"
	machines["web1"].WriteFile(other.marker().Path(), "{}")
	if _, err := diffSim(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "belongs to web tier blog") {
		t.Errorf("got %v", err)
	}
}

// TestAMountPointInUseIsRefused has nothing changed on any machine.
func TestAMountPointInUseIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*webtiertest.Server)
		want string
	}{
		"another file system": {func(s *webtiertest.Server) { s.Mounted = "backup:/archive" }, "backup:/archive (fuse.glusterfs) is mounted at /srv/www, and not by us"},
		"files":               {func(s *webtiertest.Server) { s.Occupied = true }, "/srv/www has files, which the mount would hide"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, machines := simulate(t, "web1", "web2", "web3")
			test.do(tier.Servers["web2"])
			err := convergeSim(t, hosts, good(), nil)
			var refused *reconcile.RefusedError
			if !errors.As(err, &refused) || refused.Node != "web2" || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v", err)
			}
			for name, m := range machines {
				if len(m.Packages) > 0 || m.Files[good().marker().Path()].Content != "" {
					t.Errorf("%s was changed", name)
				}
			}
		})
	}
}

// TestWordPressAndItsDatabase changes what WordPress finds, under a tier that is
// well otherwise.
func TestWordPressAndItsDatabase(t *testing.T) {
	for name, test := range map[string]struct {
		do      func(*webtiertest.Tier)
		want    string
		refused bool
	}{
		"a file is gone":            {func(tier *webtiertest.Tier) { tier.Volume.Missing = "wp-includes/load.php" }, "WordPress misses wp-includes/load.php", false},
		"nobody can look":           {func(tier *webtiertest.Tier) { tier.Volume.Stalled = true }, "could not be looked at", true},
		"the salts are gone":        {func(tier *webtiertest.Tier) { tier.Volume.Unsalted = true }, "WordPress has no salts", false},
		"the password was changed":  {func(tier *webtiertest.Tier) { tier.Database.Says = DatabaseDenied }, "does not let wordpress in", false},
		"the database was emptied":  {func(tier *webtiertest.Tier) { tier.Database.Filled = false }, "has no tables of it any more", true},
		"the database is only away": {func(tier *webtiertest.Tier) { tier.Database.Says = DatabaseAway }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _ := simulate(t, "web1", "web2", "web3")
			spec := good()
			spec.WordPress = goodWordPress()
			if err := convergeSim(t, hosts, spec, nil); err != nil {
				t.Fatal(err)
			}
			test.do(tier)
			plan, err := diffSim(t, hosts, spec)
			var refused *reconcile.RefusedError
			if errors.As(err, &refused) != test.refused {
				t.Fatalf("got %v", err)
			}
			if said := fmt.Sprint(plan.Drift(), err); !strings.Contains(said, test.want) || test.want == "" && !plan.Empty() {
				t.Errorf("the plan says %s", said)
			}
			if test.refused || plan.Empty() {
				return
			}
			tier.Database.Says = "" // by another hand, while this one waits
			if err := convergeSim(t, hosts, spec, nil); err != nil {
				t.Error(err)
			}
			if plan := planSim(t, hosts, spec); !plan.Empty() || tier.Volume.Installs != 1 {
				t.Errorf("left: %v, installed %d times", plan.Titles(), tier.Volume.Installs)
			}
		})
	}
}

// TestAPasswordIsWrittenWhenTheDatabaseHasIt changes it on the web tier first.
func TestAPasswordIsWrittenWhenTheDatabaseHasIt(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	before := *tier.Volume
	tier.Database.Password = spec.WordPress.DBPassword
	spec.WordPress.DBPassword, spec.WordPress.PasswordVersion = "another", spec.WordPress.PasswordVersion+1
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	plan := planSim(t, hosts, spec)
	if err := reconcile.Run(ctx, plan, Target{Hosts: hosts}, reconcile.Silent{}); err == nil || *tier.Volume != before {
		t.Errorf("with the old password in the database: %v, %+v", err, tier.Volume)
	}
	tier.Database.Password = "another"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Error(err)
	}
	if *tier.Volume == before {
		t.Error("the password was not written")
	}
}

// TestARotatedPasswordIsWritten has the database changed first, and the version of
// the password not raised.
func TestARotatedPasswordIsWritten(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	spec.WordPress.DBPassword = "first"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Database.Password, spec.WordPress.DBPassword = "second", "second"
	if plan := planSim(t, hosts, spec); !strings.Contains(fmt.Sprint(plan.Drift()), "does not let wordpress in") {
		t.Errorf("the plan says %v", plan.Drift())
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Error(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}

// TestARotatedPasswordIsWrittenOnEveryNode is a tier whose nodes have files of
// their own.
func TestARotatedPasswordIsWrittenOnEveryNode(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.Mount, spec.WordPress = nil, goodWordPress()
	spec.WordPress.DBPassword = "first"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Database.Password, spec.WordPress.DBPassword = "second", "second"
	if drift := planSim(t, hosts, spec).Drift(); len(drift) == 0 {
		t.Error("no drift")
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Error(err)
	}
	seen := observeSim(t, hosts, spec)
	for name, node := range seen.Nodes {
		if node.WordPress.Database != DatabaseFilled {
			t.Errorf("the database says %q to %s", node.WordPress.Database, name)
		}
	}
}

// TestWordPressIsCopiedToTheEnd begins where a machine died while it copied.
func TestWordPressIsCopiedToTheEnd(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	spec.WordPress = goodWordPress()
	tier.Volume.Filled = true
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, nil); !errors.As(err, &refused) {
		t.Errorf("with files of somebody else: %v", err)
	}
	tier.Volume.Copying = true
	if err := convergeSim(t, hosts, spec, nil); err != nil || !tier.Volume.Copied || tier.Volume.Installs != 1 {
		t.Errorf("got %v, %+v", err, tier.Volume)
	}
}

// TestALostRecordIsMadeAgain keeps the site's files as they are: they may be newer
// than what would be copied.
func TestALostRecordIsMadeAgain(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Volume.LoseRecord()
	if titles := planSim(t, hosts, spec).Titles(); slices.ContainsFunc(titles, func(title string) bool { return strings.Contains(title, "copy") }) {
		t.Errorf("planned: %v", titles)
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil || !tier.Volume.Installed || tier.Volume.Installs != 1 {
		t.Errorf("got %v, %+v", err, tier.Volume)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Titles())
	}
}

// TestALostRecordDoesNotHideALostDatabase has files restored without dot files, and
// the database not yet.
func TestALostRecordDoesNotHideALostDatabase(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Volume.LoseRecord()
	tier.Database.Filled = false
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, nil); !errors.As(err, &refused) || tier.Volume.Installs != 1 {
		t.Errorf("got %v, %+v", err, tier.Volume)
	}
}

// TestWordPressShowsBesideOtherDrift has one plan tell both.
func TestWordPressShowsBesideOtherDrift(t *testing.T) {
	hosts, tier, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.WordPress = goodWordPress()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	tier.Servers["web1"].Machine.Kill(apacheUnit)
	tier.Volume.Unsalted = true
	drift := planSim(t, hosts, spec).Drift()
	if !strings.Contains(fmt.Sprint(drift["web1"]), "apache2 is") || !strings.Contains(fmt.Sprint(drift["web2"]), "has no salts") {
		t.Errorf("the plan says %v", drift)
	}
}

func TestEveryFaultIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines := simulate(t, "web1", "web2")
		spec := good()
		spec.Nodes = spec.Nodes[:2]
		spec.WordPress = goodWordPress()
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, nil)
		if fault.Struck() != "" && first == nil {
			t.Log("the fault did no harm")
		}
		if err := convergeSim(t, hosts, spec, nil); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
		if tier.Volume.Installs != 1 {
			t.Errorf("WordPress was installed %d times", tier.Volume.Installs)
		}
	})
}

func TestEveryFaultOfARollIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines, spec := built(t)
		balancer := balancerFor(spec)
		spec.ServerName = "shop.example.org"
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, balancer)
		if err := convergeSim(t, hosts, spec, balancer); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		for name, s := range tier.Servers {
			if !s.Serving() {
				t.Errorf("%s does not serve", name)
			}
		}
		for address, mode := range balancer.modes {
			if mode != "accept" {
				t.Errorf("%s is left in mode %s", address, mode)
			}
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
	})
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
