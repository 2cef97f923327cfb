package webtier

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestLabLocalFiles(t *testing.T) {
	s := boot(t, "web1", "web2", "web3")
	drain := 1
	spec := Spec{Name: "shop", Nodes: s.Nodes, DocumentRoot: "/srv/www/site", DrainSeconds: &drain,
		PHPSettings: map[string]string{
			"memory_limit": "200M", "error_reporting": "E_ALL & ~E_DEPRECATED", "disable_functions": "header",
			// Neither is a matter of the health check's, and there is no such file yet.
			"open_basedir": "/srv/www/site", "auto_prepend_file": "/srv/www/site/before.php",
		}}
	balancer := balancerFor(spec)
	s.mustConverge(spec, balancer)
	if len(balancer.log) > 0 {
		t.Errorf("building asked the balancer for %q", balancer.log)
	}
	for _, node := range s.Nodes {
		s.Run(node.Name, `echo '<?php echo ini_get("memory_limit"), " ", $_SERVER["REMOTE_ADDR"], " ", $_SERVER["HTTPS"] ?? "http";' >/srv/www/site/index.php; touch /srv/www/site/.env /srv/www/site/before.php`)
	}
	s.Run("web1", `echo '<?php echo error_reporting(), " ", $_SERVER["PHP_AUTH_USER"] ?? "nobody", " ", $_SERVER["HTTP_AUTHORIZATION"] ?? "", " ", $_SERVER["HTTP_X_FORWARDED_PROTO"] ?? "no proto";' >/srv/www/site/said.php`)
	level := s.Run("web1", `php -r 'echo E_ALL & ~E_DEPRECATED;'`) // PHP 8.4 has another number
	if got := s.Run("web1", `curl -s -u 'editor:secret word' -H 'X-Forwarded-Proto: https' http://127.0.0.1/said.php`); got != level+" editor Basic ZWRpdG9yOnNlY3JldCB3b3Jk https" {
		t.Errorf("said.php said %q", got)
	}
	// Who is no balancer cannot say how a visitor came.
	if got := s.Run("web2", `curl -s -H 'X-Forwarded-Proto: https' http://`+s.Nodes[0].Address+`/ http://`+s.Nodes[0].Address+`/said.php`); got != "200M "+s.Nodes[1].Address+" http"+level+" nobody  no proto" {
		t.Errorf("to a stranger web1 said %q", got)
	}
	if got := s.Run("web1", `curl -s http://127.0.0.1/`); got != "200M 127.0.0.1 http" {
		t.Errorf("index.php said %q", got)
	}
	if got := s.Run("web1", `curl -s -H 'X-Forwarded-Proto: https' http://127.0.0.1/`); !strings.HasSuffix(got, " on") {
		t.Errorf("behind https index.php said %q", got)
	}
	for path, want := range map[string]string{"/.env": "403", "/none.php": "404", "/healthz": "200"} {
		if got := s.Run("web1", `curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1`+path); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}

	t.Run("busy workers", func(t *testing.T) {
		s := s.with(t)
		s.Run("web1", `echo '<?php sleep(6);' >/srv/www/site/slow.php; for i in $(seq 40); do curl -s http://127.0.0.1/slow.php >/dev/null 2>&1 & done`)
		begin := time.Now()
		s.Until(10*time.Second, "four seconds of health", func() string {
			if got := s.health("web1"); got != "200" {
				t.Fatalf("with all workers busy the node says %s after %s", got, time.Since(begin))
			}
			if time.Since(begin) < 4*time.Second {
				return "less went by"
			}
			return ""
		})
	})
	// php8.2, which is a part of the names of packages, units and directories.
	php := strings.TrimSuffix(s.Debian("web1").PHP, "-fpm")
	pools := "/etc/php/" + strings.TrimPrefix(php, "php") + "/fpm/pool.d"
	t.Run("drifts", func(t *testing.T) {
		const inEveryRun = 2 // the first ones, of "make test"
		for i, drift := range []struct{ name, breaks, want string }{
			{"apache stopped", "systemctl stop apache2", "apache2 is stopped"},
			{"vhost edited", "echo '# mine' >>/etc/apache2/sites-available/terraform-ha-shop.conf", "terraform-ha-shop.conf differs"},
			{"fpm stopped", "systemctl stop " + php + "-fpm", php + "-fpm.service is stopped"},
			{"default site enabled", "a2ensite -q 000-default", "sites-enabled/000-default.conf is enabled"},
			{"pool edited", "echo 'pm.max_children = 1' >>" + pools + "/terraform-ha-shop.conf", "terraform-ha-shop.conf differs"},
			{"probe stopped", "systemctl stop terraform-ha-web-probe", "terraform-ha-web-probe.service is inactive"},
			{"package removed", "dpkg --force-depends -P " + php + "-gd php-gd >/dev/null 2>&1", "not installed: php-gd"},
			{"root given away", "chown root:root /srv/www/site", "belongs to root:root"},
			{"not enabled", "systemctl disable -q apache2", "apache2 does not start at boot"},
		} {
			t.Run(drift.name, func(t *testing.T) {
				if i >= inEveryRun {
					labtest.Long(t)
				}
				s := s.with(t)
				s.Run("web2", drift.breaks)
				s.wantDrift(spec, "web2", drift.want)
				s.mustConverge(spec, balancer)
			})
		}
	})
	t.Run("an emptied site is refused", func(t *testing.T) {
		s := s.with(t)
		s.Run("web2", "mv /srv/www/site /srv/www/elsewhere")
		s.Until(5*time.Second, "503", func() string { return not("503", s.health("web2")) })
		var refused *reconcile.RefusedError
		if _, err := s.converge(spec, balancer); !errors.As(err, &refused) || !strings.Contains(err.Error(), "/srv/www/site is missing") {
			t.Errorf("without the document root: %v", err)
		}
		s.Run("web2", "mv /srv/www/elsewhere /srv/www/site; rm /var/lib/terraform-ha/web-shop/sentinel")
		if _, err := s.converge(spec, balancer); !errors.As(err, &refused) || !strings.Contains(err.Error(), "sentinel is missing") {
			t.Errorf("without the sentinel: %v", err)
		}
		s.Run("web2", "cp /var/lib/terraform-ha/web-shop.site /var/lib/terraform-ha/web-shop/sentinel")
		s.Until(5*time.Second, "200", func() string { return not("200", s.health("web2")) })
		s.wantDrift(spec, "", "")
	})
	t.Run("change is rolled", func(t *testing.T) {
		s := s.with(t)
		balancer.log = nil
		spec.ServerName = "shop.example.org"
		steps := s.mustConverge(spec, balancer)
		t.Log(strings.Join(steps, "\n"))
		want := "drain 10.88.0.11:80 accept 10.88.0.11:80 drain 10.88.0.12:80 accept 10.88.0.12:80 drain 10.88.0.13:80 accept 10.88.0.13:80"
		if got := strings.Join(balancer.log, " "); got != want {
			t.Errorf("the balancer was asked %q", got)
		}
	})
	t.Run("config test fails", func(t *testing.T) {
		s := s.with(t)
		// Apache runs on with what it has read, until something of the tier changes.
		s.Run("web1", "echo NoSuchDirective on >/etc/apache2/conf-enabled/by-hand.conf")
		bad := spec
		bad.ServerName = "other.example.org"
		_, err := s.converge(bad, balancer)
		if err == nil || !strings.Contains(err.Error(), "NoSuchDirective") {
			t.Errorf("got %v", err)
		}
		s.Run("web1", "rm /etc/apache2/conf-enabled/by-hand.conf")
		s.slipsAreRefused(spec, balancer)
		if got := s.Run("web1", `curl -s http://127.0.0.1/ && apachectl configtest 2>&1`); !strings.Contains(got, "200M") || !strings.Contains(got, "Syntax OK") {
			t.Errorf("web1 says %q", got)
		}
		for _, node := range []string{"web1", "web2", "web3"} {
			if got := s.health(node); got != "200" {
				t.Errorf("%s: %s", node, got)
			}
		}
		if got := strings.Join(slices.Sorted(maps.Values(balancer.modes)), " "); got != "accept accept accept" {
			t.Errorf("the balancer has modes %s", got)
		}
		s.wantDrift(spec, "", "")
	})
	t.Run("a change that pages do not survive", func(t *testing.T) { s.with(t).putsBackWhatFailsItsGate(spec, balancer) })
	t.Run("hung PHP-FPM", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		s.Run("web1", "pkill -STOP php-fpm")
		t.Logf("503 after %s", s.Until(5*time.Second, "503", func() string { return not("503", s.health("web1")) }))
		s.wantDrift(spec, "web1", "/healthz answers 503 instead of 200")
		if steps := s.mustConverge(spec, balancer); !slices.Contains(steps, "web1: restart what does not answer") {
			t.Errorf("done: %q", steps)
		}
	})
	t.Run("the site's own rules", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		open := spec
		open.AllowOverride = true
		s.mustConverge(open, balancer)
		s.Run("web1", `printf '%s\n' 'Redirect 301 / http://elsewhere.example.org/' 'Require all denied' >/srv/www/site/.htaccess`)
		s.Until(5*time.Second, "the probe to have asked again", func() string {
			return s.try("web1", "[ /run/terraform-ha-web/ok -nt /srv/www/site/.htaccess ] || echo not yet; find /srv/www/site/.htaccess -newermt '-2 seconds'")
		})
		if page, health := s.answer("web1", "/index.php"), s.health("web1"); page == "200" || health != "200" {
			t.Errorf("a page is %s, the health %s", page, health)
		}
		s.Run("web1", "rm /srv/www/site/.htaccess")
		s.mustConverge(spec, balancer)
	})
	t.Run("drained by hand", func(t *testing.T) {
		s := s.with(t)
		s.Run("web1", "touch /run/terraform-ha/web-drain")
		if got := s.health("web1"); got != "503" {
			t.Errorf("health says %s", got)
		}
		s.wantDrift(spec, "", "")
		s.Run("web1", "rm /run/terraform-ha/web-drain")
	})
	t.Run("remove", func(t *testing.T) {
		s := s.with(t)
		s.remove(spec, false)
		s.Run("web1", "test -e /srv/www/site/index.php && apachectl configtest && test -z \"$(ls /etc/systemd/system | grep terraform-ha)\" && ! systemctl is-active apache2 && test -e "+pools+"/www.conf && test -z \"$(ls /var/lib/terraform-ha)\"")
		s.mustConverge(spec, balancer)
		s.remove(spec, true)
		s.Run("web2", "! test -e /srv/www/site")
	})
}

func (s *site) remove(spec Spec, wipe bool) {
	s.t.Helper()
	plan, err := Remove(spec.Defaulted(), Observe(s.t.Context(), s.Hosts.Views(), spec.Defaulted()), wipe)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := reconcile.Run(s.t.Context(), plan, Target{Hosts: s.Hosts}, labtest.NewSteps(s.t)); err != nil {
		s.t.Fatal(err)
	}
	if plan, _ := Remove(spec.Defaulted(), Observe(s.t.Context(), s.Hosts.Views(), spec.Defaulted()), wipe); !plan.Empty() {
		s.t.Errorf("still to remove: %q", plan.Titles())
	}
	s.ReleasePackages(markerKind + "-" + spec.Name)
}

// glusterByHand makes a replicated volume on the machines themselves.
func (s *site) glusterByHand() {
	s.t.Helper()
	s.Each(func(name string) error {
		_, err := s.Exec(name, "DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends glusterfs-server >/dev/null 2>&1; systemctl start glusterd && mkdir -p /srv/disk/brick", nil)
		return err
	})
	if strings.Contains(s.try("web1", "gluster --mode=script volume info content"), "Status: Started") {
		return
	}
	bricks := ""
	for _, node := range s.Nodes {
		bricks += " " + node.Address + ":/srv/disk/brick/content"
		if node.Name != "web1" {
			s.Run("web1", "gluster --mode=script peer probe "+node.Address)
		}
	}
	s.Until(time.Minute, "peers", func() string {
		out := s.try("web1", "gluster --mode=script volume create content replica 3"+bricks+" && gluster --mode=script volume set content network.ping-timeout 10 && gluster --mode=script volume start content")
		if strings.Contains(s.try("web1", "gluster --mode=script volume info content"), "Status: Started") {
			return ""
		}
		return out
	})
}

func (s *site) glusterSpec() Spec {
	drain := 1
	return Spec{Name: "shop", Nodes: s.Nodes, DocumentRoot: "/srv/www/site", DrainSeconds: &drain,
		Mount: &Mount{Source: s.Nodes[0].Address + ":/content", BackupServers: []string{s.Nodes[1].Address, s.Nodes[2].Address}}}
}

func TestLabGluster(t *testing.T) {
	s := boot(t, "web1", "web2", "web3")
	s.glusterByHand()
	spec := s.glusterSpec()
	balancer := balancerFor(spec)
	s.mustConverge(spec, balancer)
	t.Log(s.Run("web1", "findmnt -no FSTYPE,SOURCE /srv/www"))
	s.Run("web1", "echo shared >/srv/www/site/index.html")
	if got := s.Run("web3", "curl -s http://127.0.0.1/index.html"); got != "shared" {
		t.Errorf("web3 serves %q", got)
	}

	t.Run("mount gone", func(t *testing.T) {
		s := s.with(t)
		s.Run("web2", "systemctl stop terraform-ha-web-mount.timer")
		s.Until(10*time.Second, "nobody to read there for a moment", func() string {
			return s.try("web2", "umount /srv/www 2>/dev/null || echo busy")
		})
		s.wantPagesRefused("web2")
		s.Until(4*time.Second, "503", func() string { return not("503", s.health("web2")) })
		s.wantDrift(spec, "web2", "is not mounted at /srv/www")
		s.mustConverge(spec, balancer)
	})
	t.Run("mounts again by itself", func(t *testing.T) {
		s := s.with(t)
		s.Until(10*time.Second, "nobody to read there for a moment", func() string {
			return s.try("web2", "systemctl stop srv-www.mount || echo busy")
		})
		if got := s.try("web2", "systemctl is-active apache2"); got != "inactive" {
			t.Errorf("apache2 without its mount is %s", got)
		}
		t.Logf("back after %s", s.Until(time.Minute, "200", func() string { return not("200", s.health("web2")) }))
		s.wantDrift(spec, "", "")
	})
	t.Run("client killed", func(t *testing.T) {
		s := s.with(t)
		s.Run("web2", "pkill -9 -f 'glusterfs .*/srv/www$'")
		s.wantPagesRefused("web2")
		t.Logf("503 after %s", s.Until(5*time.Second, "503", func() string { return not("503", s.health("web2")) }))
		t.Logf("back after %s", s.Until(time.Minute, "200", func() string { return not("200", s.health("web2")) }))
		s.wantDrift(spec, "", "")
	})
	t.Run("client killed where mounts are not shared", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		s.Run("web2", "mount --make-rprivate /; systemctl restart apache2")
		defer s.Run("web2", "mount --make-rshared /; systemctl restart apache2")
		s.Run("web2", "pkill -9 -f 'glusterfs .*/srv/www$'")
		s.Until(5*time.Second, "503", func() string { return not("503", s.health("web2")) })
		t.Logf("back after %s", s.Until(time.Minute, "200", func() string { return not("200", s.health("web2")) }))
		if got := s.Run("web2", "curl -s http://127.0.0.1/index.html"); got != "shared" {
			t.Errorf("web2 serves %q", got)
		}
		// A new mount that the timer believes to have seen to.
		s.Run("web2", `systemctl stop terraform-ha-web-mount.timer; pkill -9 -f 'glusterfs .*/srv/www$'; umount --lazy /srv/www
systemctl start srv-www.mount; pgrep -n -f '^[^ ]*glusterfs .* /srv/www$' >/run/terraform-ha/web-mount-client; systemctl start terraform-ha-web-mount.timer`)
		s.Until(5*time.Second, "503", func() string { return not("503", s.health("web2")) })
		s.wantPagesRefused("web2")
		s.wantDrift(spec, "web2", "/healthz answers 503 instead of 200")
		s.mustConverge(spec, balancer)
		if got := s.Run("web2", "curl -s http://127.0.0.1/index.html"); got != "shared" {
			t.Errorf("web2 serves %q", got)
		}
	})
	t.Run("hung mount", func(t *testing.T) {
		s := s.with(t)
		s.Run("web2", "pkill -STOP -f 'glusterfs .*/srv/www$'")
		defer s.try("web2", "pkill -CONT -f 'glusterfs .*/srv/www$'")
		// Visitors keep the site's workers busy with the mount meanwhile.
		s.Run("web2", "for i in $(seq 30); do curl -s -m 20 http://127.0.0.1/index.html >/dev/null 2>&1 & done")
		t.Logf("503 after %s", s.Until(5*time.Second, "503", func() string { return not("503", s.health("web2")) }))
		begin := time.Now()
		if got := s.health("web2"); got != "503" || time.Since(begin) > time.Second {
			t.Errorf("then %s after %s", got, time.Since(begin))
		}
		begin = time.Now()
		s.wantDrift(spec, "web2", "does not answer within 5 s")
		if time.Since(begin) > 8*time.Second {
			t.Errorf("looking took %s", time.Since(begin))
		}
		// The look at the machine left a child behind, too, whose command line names
		// the probe among others.
		if got := s.Run("web2", "ps -eo args | grep -cx '[^ ]*sh [^ ]*/terraform-ha/web-shop/probe'"); got != "2" {
			t.Errorf("%s processes of the probe", got)
		}
		s.Run("web2", "pkill -CONT -f 'glusterfs .*/srv/www$'")
		t.Logf("back after %s", s.Until(10*time.Second, "200", func() string { return not("200", s.health("web2")) }))
		s.wantDrift(spec, "", "")
	})
	t.Run("quorum lost", func(t *testing.T) {
		s := s.with(t)
		for _, node := range []string{"web2", "web3"} {
			s.Run(node, "systemctl stop glusterd; pkill -9 glusterfsd || :")
		}
		s.wantPagesRefused("web1")
		t.Logf("503 after %s", s.Until(5*time.Second, "503", func() string { return not("503", s.health("web1")) }))
		s.wantDrift(spec, "web1", "answers with an error")
		for _, node := range []string{"web2", "web3"} {
			s.Run(node, "systemctl start glusterd")
		}
		// The clients have not found the servers yet.
		s.mustConverge(spec, balancer)
	})
	t.Run("options change", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		spec.Mount.Options = "log-level=ERROR"
		s.mustConverge(spec, balancer)
		t.Log(s.Run("web3", "pgrep -af 'glusterfs .*/srv/www$'"))
		if got := s.Run("web3", "curl -s http://127.0.0.1/index.html"); got != "shared" {
			t.Errorf("web3 serves %q", got)
		}
	})
	t.Run("other servers of the volume", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		other := spec
		other.Mount = &Mount{Source: s.Nodes[1].Address + ":/content", BackupServers: []string{s.Nodes[2].Address}}
		steps := s.mustConverge(other, balancer)
		t.Log(strings.Join(steps, "\n"))
		if got := s.Run("web3", "findmnt -no SOURCE /srv/www; curl -s http://127.0.0.1/index.html"); got != s.Nodes[1].Address+":/content\nshared" {
			t.Errorf("web3 has %q", got)
		}
		err := lookAtVolume(other.Defaulted(), Identity{Site: "another"})(t.Context(), s.Hosts["web1"])
		if err == nil || !strings.Contains(err.Error(), "Nothing was changed") {
			t.Errorf("as a volume of another site: %v", err)
		}
		other.Mount = &Mount{Source: s.Nodes[1].Address + ":/elsewhere"}
		var refused *reconcile.RefusedError
		if _, err := s.converge(other, balancer); !errors.As(err, &refused) || !strings.Contains(err.Error(), "cannot move to another volume") {
			t.Errorf("another volume: %v", err)
		}
		s.mustConverge(spec, balancer)
	})
	t.Run("shared sessions", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		spec.Sessions = SessionsShared
		s.mustConverge(spec, balancer)
		s.sessionsAreShared()
	})
	t.Run("Debian's own document root", func(t *testing.T) {
		labtest.Long(t)
		s := s.with(t)
		s.remove(spec, false)
		// As Apache's package leaves it; somebody's own page is not in the way of nothing.
		s.Each(func(name string) error {
			_, err := s.Exec(name, "mkdir -p /var/www/html && cp /usr/share/apache2/default-site/index.html /var/www/html/", nil)
			return err
		})
		spec.DocumentRoot = "/var/www/html"
		s.Run("web2", "echo mine >/var/www/html/index.html")
		if _, err := s.converge(spec, balancer); err == nil || !strings.Contains(err.Error(), "/var/www has files") {
			t.Errorf("over a page of somebody's: %v", err)
		}
		s.Run("web2", "cp /usr/share/apache2/default-site/index.html /var/www/html/")
		s.mustConverge(spec, balancer)
		s.Run("web1", "echo shared >/var/www/html/index.html")
		if got := s.Run("web3", "curl -s http://127.0.0.1/"); got != "shared" {
			t.Errorf("web3 serves %q", got)
		}
	})
	t.Run("reboot", func(t *testing.T) {
		s := s.with(t)
		if err := s.Reboot("web3"); err != nil {
			t.Fatal(err)
		}
		t.Logf("back after %s", s.Until(2*time.Minute, "200", func() string { return not("200", s.health("web3")) }))
		s.wantDrift(spec, "", "")
	})
}

// sessionsAreShared has requests of one session come to all nodes at the same time: each
// counts, and none may be lost. The volume caches as one for a site does.
func (s *site) sessionsAreShared() {
	s.t.Helper()
	s.Run("web1", `for o in features.cache-invalidation:on features.cache-invalidation-timeout:600 performance.cache-invalidation:on performance.stat-prefetch:on \
performance.md-cache-timeout:600 performance.quick-read:on; do gluster --mode=script volume set content ${o%:*} ${o#*:} >/dev/null; done
echo '<?php session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; $_SESSION["data"] = ($_SESSION["data"] ?? "") . "x"; echo $_SESSION["n"], " ", strlen($_SESSION["data"]), "\n";' >/srv/www/site/count.php`)
	s.Each(func(name string) error {
		_, err := s.Exec(name, "curl -s http://127.0.0.1/count.php >/dev/null", nil)
		return err
	})
	begin := time.Now()
	s.Each(func(name string) error {
		_, err := s.Exec(name, `seq 100 | xargs -P 4 -I{} curl -s -o /dev/null -m 30 -b PHPSESSID=abcdefghijklmnopqrstuvwxyz http://127.0.0.1/count.php`, nil)
		return err
	})
	took := time.Since(begin)
	if got := s.Run("web2", "curl -s -b PHPSESSID=abcdefghijklmnopqrstuvwxyz http://127.0.0.1/count.php"); got != "301 301" {
		s.t.Errorf("after 301 requests the session says %s", got)
	}
	s.t.Logf("300 requests of one session from three nodes: %s", took)
	for _, directory := range []string{"/var/lib/php/sessions", "/srv/www/.terraform-ha/shop/sessions"} {
		s.t.Log(directory, s.Run("web1", `echo '<?php session_save_path("`+directory+`"); session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1;' >/srv/www/site/one.php; curl -s http://127.0.0.1/one.php
for i in $(seq 200); do curl -s -o /dev/null -w '%{time_total}\n' -b PHPSESSID=one http://127.0.0.1/one.php; done | sort -n | awk '{ t[NR] = $1 } END { print "median", t[100], "99 %", t[198] }'`))
	}
}

// wantPagesRefused gives the kernel the second for which it remembers what it was
// told of the files.
func (s *site) wantPagesRefused(node string) {
	s.t.Helper()
	s.Until(3*time.Second, "503 for a page", func() string { return not("503", s.answer(node, "/index.html")) })
}

func not(want, got string) string {
	if got == want {
		return ""
	}
	return "it is " + got
}
