package webtier

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

const iniFile = "/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"

// withoutTimes are a machine's files below /etc and /usr, by their content.
func withoutTimes(m *hosttest.Machine) map[string]string {
	contents := map[string]string{}
	for name, file := range m.Files {
		if strings.HasPrefix(name, "/etc/") || strings.HasPrefix(name, "/usr/") {
			contents[name] = file.Content
		}
	}
	return contents
}

// TestAChangeThatFailsItsGateIsPutBack has one node with what does not work, for a moment.
func TestAChangeThatFailsItsGateIsPutBack(t *testing.T) {
	for name, test := range map[string]struct {
		breaks func(*webtiertest.Tier)
		change func(*Spec)
		want   string
	}{
		"page": {
			breaks: func(tier *webtiertest.Tier) { tier.Breaks = "1M" },
			want:   "with its new configuration / answers 500 instead of 200, and web2 serves that page as it must",
		},
		"page with visitors": {
			breaks: func(tier *webtiertest.Tier) {
				tier.After = func() {
					if web1 := tier.Servers["web1"]; strings.Contains(web1.Machine.Files[iniFile].Content, "1M") && !web1.Exists(drainFile) {
						tier.Breaks = "1M"
					}
				}
			},
			want: "with its new configuration / answers 500 instead of 200, and web2 serves that page as it must",
		},
		"health endpoint": {
			breaks: func(tier *webtiertest.Tier) { tier.Sickens = "1M" },
			want:   "with its new configuration answers 503",
		},
		"new virtual host as well": {
			breaks: func(tier *webtiertest.Tier) { tier.Breaks = "1M" },
			change: func(s *Spec) { s.ServerName = "shop.example.org" },
			want:   "with its new configuration / answers 500 instead of 200",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, tier, machines, spec := built(t)
				balancer := balancerFor(spec)
				spec.Check = &Check{Path: "/"}
				before := withoutTimes(machines["web1"])
				bad := spec
				bad.PHPSettings = map[string]string{"memory_limit": "1M"}
				if test.change != nil {
					test.change(&bad)
				}
				test.breaks(tier)
				err := convergeSim(t, hosts, bad, balancer)
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasSuffix(err.Error(), "; the previous one is back in place, and it serves with it again; correct what was changed and apply again") {
					t.Errorf("got %v", err)
				}
				if diff := cmp.Diff(before, withoutTimes(machines["web1"])); diff != "" {
					t.Errorf("web1 (-before +now):\n%s", diff)
				}
				if slices.Contains(machines["web2"].Log(), "web-keep-previous") {
					t.Error("web2 was to be changed")
				}
				allInService(t, tier, balancer)
				if plan := planSim(t, hosts, spec); !plan.Empty() {
					t.Errorf("left: %v", plan.Drift())
				}
			})
		})
	}
}

func allInService(t *testing.T, tier *webtiertest.Tier, balancer *memoryBalancer) {
	t.Helper()
	for name, s := range tier.Servers {
		if !s.Serving() || s.Exists(good().previousFile()) || s.Exists(good().rollingFile()) {
			t.Errorf("%s: serves %t, has the previous configuration %t, is rolling %t", name, s.Serving(), s.Exists(good().previousFile()), s.Exists(good().rollingFile()))
		}
	}
	for address, mode := range balancer.modes {
		if mode != "accept" {
			t.Errorf("%s is left in mode %s", address, mode)
		}
	}
}

// TestEveryFaultOfPuttingBackIsResumed interrupts a change that its node does not bear,
// and has the next apply bring the same one, the one before, or a better one.
func TestEveryFaultOfPuttingBackIsResumed(t *testing.T) {
	for name, next := range map[string]string{"the same": "1M", "another bad one": "11M", "the one before": "", "a better one": "512M"} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				hosts, tier, machines, spec := built(t)
				balancer := balancerFor(spec)
				spec.Check = &Check{Path: "/"}
				tier.Breaks = "1M"
				set := func(limit string) Spec {
					changed := spec
					if limit != "" {
						changed.PHPSettings = map[string]string{"memory_limit": limit}
					}
					return changed
				}
				before := withoutTimes(machines["web1"])
				fault.Arm(machines)
				if err := convergeSim(t, hosts, set("1M"), balancer); err == nil {
					t.Error("it was accepted")
				}
				fault.Disarm()
				err := convergeSim(t, hosts, set(next), balancer)
				if strings.Contains(next, "1M") {
					back, found := errors.AsType[*putBackError](err)
					if !found || back.err != nil {
						t.Errorf("got %v", err)
					}
					if diff := cmp.Diff(before, withoutTimes(machines["web1"])); diff != "" {
						t.Errorf("web1 (-before +now):\n%s", diff)
					}
				} else {
					if back, found := errors.AsType[*putBackError](err); found && back.err == nil {
						// What it was interrupted with failed, and is gone now.
						err = convergeSim(t, hosts, set(next), balancer)
					}
					if err != nil {
						t.Fatal(err)
					}
					if plan := planSim(t, hosts, set(next)); !plan.Empty() {
						t.Errorf("left: %v", plan.Drift())
					}
				}
				allInService(t, tier, balancer)
			})
		})
	}
}

// TestANodeThatCannotGoBackStaysOutOfService has the way back fail.
func TestANodeThatCannotGoBackStaysOutOfService(t *testing.T) {
	for name, test := range map[string]struct {
		breaks func(*webtiertest.Tier)
		want   string
	}{
		"full disk": {
			func(tier *webtiertest.Tier) { tier.Servers["web1"].KeepsNew = true },
			"the previous one could not be put back wholly, and it is out of service: exit status 1: no space left on device",
		},
		"failed meanwhile": {
			func(tier *webtiertest.Tier) {
				tier.After = func() {
					web1 := tier.Servers["web1"]
					web1.Wedged = web1.Wedged || strings.Contains(web1.Machine.Files[iniFile].Content, "1M")
				}
			},
			"the previous one is back in place, and it is out of service: cannot see healthz answer 200 on web1: exit status 1: answers 503",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, tier, machines, spec := built(t)
				balancer := balancerFor(spec)
				spec.Check = &Check{Path: "/"}
				good := spec
				tier.Breaks = "1M"
				test.breaks(tier)
				spec.PHPSettings = map[string]string{"memory_limit": "1M"}
				err := convergeSim(t, hosts, spec, balancer)
				if err == nil || !strings.Contains(err.Error(), "/ answers 500 instead of 200") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v", err)
				}
				if tier.Servers["web1"].Serving() || balancer.modes["10.0.0.11:80"] != "drain" || !tier.Servers["web1"].Exists(spec.Defaulted().previousFile()) {
					t.Errorf("web1: serves %t, mode %s", tier.Servers["web1"].Serving(), balancer.modes["10.0.0.11:80"])
				}
				if strings.Contains(machines["web2"].Files[iniFile].Content, "1M") {
					t.Error("web2 was changed")
				}
				tier.Servers["web1"].KeepsNew, tier.Servers["web1"].Wedged, tier.After = false, false, nil
				if err := convergeSim(t, hosts, good, balancer); err != nil {
					t.Fatal(err)
				}
				allInService(t, tier, balancer)
			})
		})
	}
}

// TestOnlyConfigurationOfNodesThatServedIsKept has changes of other kinds.
func TestOnlyConfigurationOfNodesThatServedIsKept(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	spec.Packages = []string{"php-gd", "php-redis"}
	machines["web1"].Catalog["php-redis"] = hosttest.Package{}
	for _, name := range []string{"web2", "web3"} {
		machines[name].Catalog["php-redis"] = hosttest.Package{}
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	spec.ServerName = "shop.example.org"
	tier.Servers["web1"].Wedged = true
	if err := convergeSim(t, hosts, spec, nil); err == nil {
		t.Error("a node that does not serve was passed over")
	}
	for name, m := range machines {
		if slices.Contains(m.Log(), "web-keep-previous") {
			t.Errorf("%s keeps the previous configuration", name)
		}
	}
}

// TestWhatWasKeptLongAgoIsNotPutBack has an archive of a change that nothing else knows of.
func TestWhatWasKeptLongAgoIsNotPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, tier, machines, spec := built(t)
		machines["web1"].WriteFile(spec.previousFile(), `{"`+iniFile+`":{"Content":"antique"}}`)
		spec.Check = &Check{Path: "/"}
		before := withoutTimes(machines["web1"])
		tier.Breaks = "1M"
		spec.PHPSettings = map[string]string{"memory_limit": "1M"}
		if err := convergeSim(t, hosts, spec, nil); err == nil {
			t.Error("it was accepted")
		}
		if diff := cmp.Diff(before, withoutTimes(machines["web1"])); diff != "" {
			t.Errorf("web1 (-before +now):\n%s", diff)
		}
	})
}

// TestPHPIsThereUntilTheSiteServesWithoutIt has pages that need it.
func TestPHPIsThereUntilTheSiteServesWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, tier, machines, spec := built(t)
		spec.Check = &Check{Path: "/"}
		off := false
		without := spec
		without.PHP = &off
		tier.NeedsPHP = true
		if err := convergeSim(t, hosts, without, nil); err == nil || !strings.Contains(err.Error(), "it serves with it again") {
			t.Errorf("got %v", err)
		}
		if !machines["web1"].Unit("php8.2-fpm.service").Running() || !tier.Servers["web1"].Exists(iniFile) {
			t.Error("PHP is gone from web1")
		}
		tier.NeedsPHP = false
		if err := convergeSim(t, hosts, without, nil); err != nil {
			t.Fatal(err)
		}
		for name, m := range machines {
			if m.Unit("php8.2-fpm.service").Running() || tier.Servers[name].Exists(iniFile) {
				t.Errorf("PHP is still on %s", name)
			}
		}
	})
}

// TestFilesAreKeptAndPutBack runs both scripts in a real shell.
func TestFilesAreKeptAndPutBack(t *testing.T) {
	top, bin := t.TempDir(), t.TempDir()
	// Everything runs, and says what it was told.
	for name, text := range map[string]string{"systemctl": "echo \"$@\" >>" + top + "/log", "chown": ":"} {
		must(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	at := func(name string) string { return filepath.Join(top, name) }
	write := func(name, content string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Dir(at(name)), 0o755))
		must(t, os.WriteFile(at(name), []byte(content), 0o640))
	}
	read := func(name string) string {
		content, err := os.ReadFile(at(name))
		if err != nil {
			return "none"
		}
		return string(content)
	}
	sh := func(command shell.Command) string {
		t.Helper()
		line := strings.NewReplacer("/etc/apache2", at("/etc/apache2"), "/etc/php", at("/etc/php")).Replace(command.Line())
		run := exec.Command("/bin/sh", "-c", line)
		run.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	keep := func(begun string, names ...string) {
		t.Helper()
		sh(shell.Script(keepPreviousScript, append([]string{at("/lib/kept"), begun, "8.2"}, names...)...))
	}
	back := shell.Script(putFilesBackScript, at("/lib/kept"), at("/run/drain"), drainMark, at("/run/pending"), probeUnit, at("/run/ok"))
	if said := sh(back); said != "none" || read("/run/drain") != "none" {
		t.Errorf("with nothing kept it says %q", said)
	}

	const ports, site, pool, www = "/etc/apache2/ports.conf", "/etc/apache2/site.conf", "/etc/php/8.2/fpm/pool.d/shop.conf", "/etc/php/8.2/fpm/pool.d/www.conf"
	write(ports, "Listen 80\n")
	write(site, "before\n")
	write(www+".terraform-ha-off", "www\n")
	write("/run/ok", "ok\n")
	keep("no", ports, site)
	write(site, "bad\n")
	// Another apply goes on, with a file more.
	keep("yes", ports, site, pool)
	write(site, "worse\n")
	write(pool, "new\n")
	if info, err := os.Stat(at("/lib/kept")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive: %v, %v", info, err)
	}
	sh(back)
	got := map[string]string{}
	for _, name := range []string{ports, site, pool, www, "/run/drain", "/run/ok", "/run/pending/apache2", "/run/pending/php-fpm"} {
		got[name] = read(name)
	}
	want := map[string]string{
		ports: "Listen 80\n", site: "before\n", pool: "none", www: "www\n", "/run/drain": drainMark + "\n",
		"/run/ok": "none", "/run/pending/apache2": "none", "/run/pending/php-fpm": "none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(at(site)); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the site: %v, %v", info, err)
	}
	if log := read("/log"); !strings.Contains(log, "reload-or-restart -- php8.2-fpm.service\n") || !strings.Contains(log, "reload-or-restart -- apache2.service\n") || !strings.Contains(log, "restart -- "+probeUnit+"\n") {
		t.Errorf("systemctl was told\n%s", log)
	}

	// Another port takes a restart, and a change of its own starts from what is there.
	keep("no", ports, site)
	write(ports, "Listen 8080\n")
	must(t, os.Remove(at("/log")))
	sh(back)
	if log := read("/log"); !strings.Contains(log, "restart -- apache2.service\n") || strings.Contains(log, "reload-or-restart -- apache2.service") || read(ports) != "Listen 80\n" {
		t.Errorf("%q, systemctl was told\n%s", read(ports), log)
	}
}
