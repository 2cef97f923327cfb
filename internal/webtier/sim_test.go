package webtier

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// volume is what all simulated machines mount.
type volume struct {
	sentinel, root                    bool
	owner                             string
	filled, copied, installed         bool
	rendered, config, written, access string
	installs                          int
}

// server is the part of a web server that package hosttest does not know.
type server struct {
	m       *hosttest.Machine
	volume  *volume
	mounted string
	hung    bool
	enabled map[string]bool
	// refuse makes Apache refuse a configuration that holds it.
	refuse string
}

func simulate(t *testing.T, names ...string) (host.Hosts, map[string]*server, map[string]*hosttest.Machine, *volume) {
	hosts, machines := hosttest.Cluster(t, names...)
	shared := &volume{}
	servers := map[string]*server{}
	for name, m := range machines {
		s := &server{m: m, volume: shared, enabled: map[string]bool{}}
		servers[name] = s
		m.Offer(append(good().Defaulted().packages(), "wordpress")...)
		m.Catalog["apache2"] = hosttest.Package{Version: "2.4", Units: []string{"apache2"}, OnInstall: func(*hosttest.Machine) {
			s.enabled["sites-enabled/"+defaultSite] = true
			for _, module := range []string{"mpm_event", "alias", "dir", "mime", "setenvif", "authz_core"} {
				s.enabled["mods-enabled/"+module+".load"] = true
			}
		}}
		m.Catalog["php-fpm"] = hosttest.Package{Version: "8.2", Units: []string{"php8.2-fpm"}, OnInstall: func(m *hosttest.Machine) {
			m.WriteFile("/etc/php/8.2/fpm/pool.d/www.conf", "[www]\n")
		}}
		s.handle()
	}
	return hosts, servers, machines, shared
}

func (s *server) serving() bool {
	m := s.m
	_, drained := m.Files[drainFile]
	return m.Unit(apacheUnit).Running() && m.Unit("php8.2-fpm.service").Running() && m.Unit(probeUnit).Running() &&
		s.mounted != "" && !s.hung && s.volume.sentinel && !drained && s.enabled["sites-enabled/terraform-ha-shop.conf"]
}

func (s *server) health() string {
	switch {
	case !s.m.Unit(apacheUnit).Running():
		return "000"
	case s.serving():
		return "200"
	case !s.enabled["sites-enabled/terraform-ha-shop.conf"]:
		return "404"
	}
	return "503"
}

func (s *server) exists(name string) bool {
	_, found := s.m.Files[name]
	return found
}

func done() (string, int, string) { return "", 0, "" }

func (s *server) handle() {
	m := s.m
	query := func(label string, run func(args []string) string) {
		m.HandleQuery(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) { return run(c.Args()), 0, "" })
	}
	act := func(label string, run func(args []string, stdin string) (string, int, string)) {
		m.Handle(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
			return run(c.Args(), string(c.Stdin()))
		})
	}
	query("web-markers", func(args []string) string {
		var b strings.Builder
		for name := range m.Files {
			if path.Dir(name) == args[0] && strings.HasPrefix(path.Base(name), args[1]+"-") && path.Ext(name) == ".json" {
				b.WriteString(path.Base(name) + "\n")
			}
		}
		return b.String()
	})
	query("web-marker", func(args []string) string { return m.Files[args[0]].Content })
	query("web-apache-enabled", func([]string) string {
		var names []string
		for name := range s.enabled {
			names = append(names, name)
		}
		slices.Sort(names)
		return strings.Join(names, "\n")
	})
	query("web-php", s.php)
	query("web-mount", s.mount)
	query("web-state", func(args []string) string {
		out := "health " + s.health() + "\n"
		if file, found := m.Files[args[1]]; found {
			out += map[bool]string{true: "drained change\n", false: "drained operator\n"}[strings.TrimSpace(file.Content) == args[2]]
		}
		if s.exists(args[3]) {
			out += "rolling\n"
		}
		for name := range m.Files {
			if path.Dir(name) == args[4] {
				out += "pending " + path.Base(name) + "\n"
			}
		}
		return out
	})
	query("web-health", func([]string) string { return s.health() })
	query("web-await-health", func([]string) string { return "" })
	m.HandleQuery("web-await-health", func(*hosttest.Machine, shell.Command) (string, int, string) {
		if s.serving() {
			return done()
		}
		return "", 1, "answers " + s.health()
	})
	act("web-restart-probe", func(args []string, _ string) (string, int, string) { return done() })
	act("web-reset-failed", func(args []string, _ string) (string, int, string) { return done() })
	act("web-mount-pending", func(args []string, _ string) (string, int, string) {
		m.WriteFile(args[0]+"/mount", "")
		return done()
	})
	act("web-mount-volume", func(args []string, _ string) (string, int, string) {
		unit := m.Files["/etc/systemd/system/"+args[0]].Content
		_, what, _ := strings.Cut(unit, "What=")
		what, _, _ = strings.Cut(what, "\n")
		s.mounted = what
		if err := m.Start(args[0]); err != nil {
			return "", 1, err.Error()
		}
		delete(m.Files, args[4]+"/mount")
		return done()
	})
	act("web-prove-mount", func(args []string, _ string) (string, int, string) {
		if s.hung || s.mounted == "" {
			return "", 1, "did not answer"
		}
		return done()
	})
	act("web-prepare-root", func(args []string, _ string) (string, int, string) {
		s.volume.sentinel, s.volume.root, s.volume.owner = true, true, "www-data www-data"
		return done()
	})
	act("web-configure-php", func(args []string, _ string) (string, int, string) {
		for name, content := range transactionFiles(args) {
			m.WriteFile(name, content)
		}
		delete(m.Files, "/etc/php/8.2/fpm/pool.d/www.conf")
		delete(m.Files, pendingDirectory+"/"+phpService)
		return done()
	})
	act("web-configure-apache", s.configureApache)
	act("web-drain", func(args []string, _ string) (string, int, string) {
		if !s.exists(args[0]) {
			m.WriteFile(args[0], args[1]+"\n")
		}
		return done()
	})
	act("web-undrain", func(args []string, _ string) (string, int, string) {
		if strings.TrimSpace(m.Files[args[0]].Content) == args[1] {
			delete(m.Files, args[0])
		}
		return done()
	})
	act("web-wordpress-copy", func(args []string, _ string) (string, int, string) {
		s.volume.filled, s.volume.copied = true, true
		return done()
	})
	act("web-wordpress-config", func(args []string, stdin string) (string, int, string) {
		s.volume.rendered, s.volume.config, s.volume.access = args[1], host.Digest([]byte(stdin)), "0640 root www-data"
		s.volume.written = s.volume.config
		return done()
	})
	act("web-wordpress-install", func(args []string, _ string) (string, int, string) {
		if !s.volume.installed {
			s.volume.installs++
		}
		s.volume.installed = true
		return done()
	})
	act("web-wipe-root", func(args []string, _ string) (string, int, string) {
		*s.volume = volume{}
		return done()
	})
	act("web-remove-configuration", func(args []string, _ string) (string, int, string) {
		for _, name := range args[6:] {
			m.RemoveAll(name)
		}
		for _, folder := range []string{"sites-enabled/", "conf-enabled/"} {
			delete(s.enabled, folder+args[2])
		}
		s.mounted = ""
		return done()
	})
}

func transactionFiles(args []string) map[string]string {
	count := 0
	fmt.Sscan(args[2], &count)
	files := map[string]string{}
	for i := range count {
		files[args[3+2*i]] = args[4+2*i] + "\n"
	}
	return files
}

func (s *server) configureApache(args []string, _ string) (string, int, string) {
	for name, content := range transactionFiles(args) {
		if s.refuse != "" && strings.Contains(content, s.refuse) {
			return "", 1, "Apache refuses " + name
		}
		s.m.WriteFile(name, content)
	}
	rest := args[len(args)-2:]
	for _, module := range strings.Fields(rest[0]) {
		s.enabled["mods-enabled/"+module+".load"] = true
	}
	s.enabled["conf-enabled/"+rest[1]+".conf"], s.enabled["sites-enabled/"+rest[1]+".conf"] = true, true
	delete(s.enabled, "sites-enabled/"+defaultSite)
	delete(s.m.Files, pendingDirectory+"/"+apacheService)
	return done()
}

func (s *server) php(args []string) string {
	if s.m.Packages["php-fpm"] == "" {
		return ""
	}
	out := "version 8.2\n"
	if s.exists("/etc/php/8.2/fpm/pool.d/www.conf") {
		out += "pool\n"
	}
	units, _, _ := s.m.Call(host.AskUnits("x", "php8.2-fpm.service").Command)
	for _, line := range strings.Split(strings.TrimSpace(units), "\n") {
		out += "unit " + strings.Replace(line, "Unit=php8.2-fpm.service", "Unit="+args[0], 1) + "\n"
	}
	var names []string
	for _, name := range args[1:] {
		names = append(names, strings.ReplaceAll(name, versionMark, "8.2"))
	}
	files, _, _ := s.m.Call(host.AskFiles("x", names...).Command)
	for line := range strings.Lines(files) {
		out += "file " + line
	}
	return out
}

func (s *server) mount(args []string) string {
	v := s.volume
	switch {
	case s.mounted == "":
		return ""
	case s.hung:
		return "mounted fuse.glusterfs " + s.mounted + "\nanswer hung\n"
	}
	out := "mounted fuse.glusterfs " + s.mounted + "\nanswer " + map[bool]string{true: "ok", false: "new"}[v.sentinel] + "\n"
	if !v.root {
		return out
	}
	out += "root " + v.owner + "\n"
	for line, there := range map[string]bool{
		"filled": v.filled, "stamp copied": v.copied, "stamp installed": v.installed,
		"stamp config " + v.rendered + " " + v.written: v.rendered != "",
		"config " + v.config + " " + v.access:          v.config != "",
	} {
		if there {
			out += "wordpress " + line + "\n"
		}
	}
	return out
}

func convergeSim(t *testing.T, hosts host.Hosts, spec Spec, balancer Balancer) error {
	t.Helper()
	_, err := reconcile.Converge(t.Context(),
		func(ctx context.Context) (Status, error) { return Observe(ctx, hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) },
		Target{Hosts: hosts, Balancer: balancer}, reconcile.Silent{})
	return err
}

func planSim(t *testing.T, hosts host.Hosts, spec Spec) Plan {
	t.Helper()
	plan, err := Diff(spec, Observe(t.Context(), hosts.Views(), spec))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func built(t *testing.T) (host.Hosts, map[string]*server, map[string]*hosttest.Machine, Spec) {
	t.Helper()
	hosts, servers, machines, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Fatalf("the second plan is %q %v", plan.Titles(), plan.Drift())
	}
	return hosts, servers, machines, spec
}

func TestBuildsInParallelAndThenDoesNothing(t *testing.T) {
	hosts, _, machines, spec := built(t)
	if err := Verify(t.Context(), hosts.Views(), spec); err != nil {
		t.Error(err)
	}
	seen := Observe(t.Context(), hosts.Views(), Spec{Name: spec.Name, Nodes: spec.Nodes}).Nodes["web1"]
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

func TestDriftIsSeenAndRepaired(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*server)
		want string
	}{
		"apache stopped": {func(s *server) { s.m.Kill(apacheUnit) }, "apache2 is "},
		"fpm stopped":    {func(s *server) { s.m.Kill("php8.2-fpm.service") }, "php8.2-fpm.service is "},
		"vhost edited": {func(s *server) { s.m.WriteFile("/etc/apache2/sites-available/terraform-ha-shop.conf", "x") },
			"terraform-ha-shop.conf differs"},
		"mount gone":     {func(s *server) { s.mounted = "" }, "10.0.0.21:/content is not mounted at /srv/www"},
		"other mount":    {func(s *server) { s.mounted = "10.0.0.21:/other" }, "10.0.0.21:/other (fuse.glusterfs) is mounted at /srv/www instead of 10.0.0.21:/content"},
		"not loaded":     {func(s *server) { s.m.WriteFile(pendingDirectory+"/"+apacheService, "") }, "apache2 has not loaded its configuration"},
		"default site":   {func(s *server) { s.enabled["sites-enabled/"+defaultSite] = true }, "sites-enabled/000-default.conf is enabled"},
		"marker removed": {func(s *server) { s.m.RemoveAll(good().marker().Path()) }, "not marked"},
		"package gone":   {func(s *server) { delete(s.m.Packages, "php-gd") }, "not installed: php-gd"},
		"left drained":   {func(s *server) { s.m.WriteFile(drainFile, drainMark+"\n") }, "interrupted change"},
		"left rolling":   {func(s *server) { s.m.WriteFile(good().rollingFile(), "") }, "interrupted change"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, servers, _, spec := built(t)
			test.do(servers["web2"])
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
	hosts, servers, _, spec := built(t)
	servers["web2"].m.WriteFile(drainFile, "maintenance\n")
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

func TestRefusesToDrainWhenTooFewServe(t *testing.T) {
	hosts, _, machines, spec := built(t)
	machines["web3"].Down = true
	spec.ServerName = "shop.example.org"
	_, err := Diff(spec, Observe(t.Context(), hosts.Views(), spec))
	if _, refused := err.(*reconcile.RefusedError); !refused {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "1 of the other nodes serve, 2 must; web3: cannot reach web3") {
		t.Errorf("got %v", err)
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
	hosts, servers, _, spec := built(t)
	servers["web1"].refuse = "NoSuchDirective"
	bad := spec
	bad.ExtraDirectives = "NoSuchDirective on"
	balancer := balancerFor(spec)
	if err := convergeSim(t, hosts, bad, balancer); err == nil {
		t.Fatal("it was accepted")
	}
	if !servers["web1"].serving() || balancer.modes["10.0.0.11:80"] != "accept" {
		t.Errorf("web1 does not serve: %v", balancer.modes)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("left: %v", plan.Drift())
	}
}

func TestRefusesForeignMachines(t *testing.T) {
	hosts, servers, machines, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	servers["web2"].enabled["sites-enabled/intranet.conf"] = true
	if _, err := Diff(spec, Observe(t.Context(), hosts.Views(), spec)); err == nil || !strings.Contains(err.Error(), "intranet") {
		t.Errorf("got %v", err)
	}
	spec.Adopt = true
	if _, err := Diff(spec, Observe(t.Context(), hosts.Views(), spec)); err != nil {
		t.Error(err)
	}
	other := good()
	other.Name = "blog"
	machines["web1"].WriteFile(other.marker().Path(), "{}")
	if _, err := Diff(spec, Observe(t.Context(), hosts.Views(), spec)); err == nil || !strings.Contains(err.Error(), "belongs to web tier blog") {
		t.Errorf("got %v", err)
	}
}

func TestEveryFaultIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, _, machines, volume := simulate(t, "web1", "web2")
		spec := good()
		spec.Nodes = spec.Nodes[:2]
		spec.WordPress = goodWordPress()
		for _, m := range machines {
			m.Offer("wordpress")
		}
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
		if volume.installs != 1 {
			t.Errorf("WordPress was installed %d times", volume.installs)
		}
	})
}

func TestEveryFaultOfARollIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, servers, machines, spec := built(t)
		balancer := balancerFor(spec)
		spec.ServerName = "shop.example.org"
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, balancer)
		if err := convergeSim(t, hosts, spec, balancer); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		for name, s := range servers {
			if !s.serving() {
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

func TestRemove(t *testing.T) {
	for _, wipe := range []bool{false, true} {
		t.Run(fmt.Sprintf("wipe %v", wipe), func(t *testing.T) {
			hosts, servers, machines, spec := built(t)
			machines["web3"].Down = true
			plan, err := Remove(spec, Observe(t.Context(), hosts.Views(), spec), wipe)
			if err != nil {
				t.Fatal(err)
			}
			if err := reconcile.Run(t.Context(), plan, Target{Hosts: hosts}, reconcile.Silent{}); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"web1", "web2"} {
				if servers[name].exists(spec.marker().Path()) || machines[name].Unit(apacheUnit).Running() {
					t.Errorf("%s still serves", name)
				}
			}
			if servers["web1"].volume.root == wipe {
				t.Errorf("files are there: %v", servers["web1"].volume.root)
			}
			if plan, _ := Remove(spec, Observe(t.Context(), hosts.Views(), spec), wipe); !plan.Empty() {
				t.Errorf("left: %q", plan.Titles())
			}
		})
	}
}
