package webtier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// rooted is this machine's own shell, with root's rights.
type rootShell struct{ bin string }

// Run implements host.Runner.
func (r rootShell) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	command := exec.CommandContext(ctx, "/bin/sh", "-c", c.Line())
	command.Env = append(os.Environ(), "PATH="+r.bin+":"+os.Getenv("PATH"))
	command.Stdin = bytes.NewReader(c.Stdin())
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return shell.Result{}, &shell.ExitError{Node: "local", Command: c, Status: exit.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	}
	return shell.Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, err
}

// hostile is a machine whose site's own user has planted links wherever the provider
// has anything to do in the document root.
type hostile struct {
	host   *host.Host
	spec   Spec
	victim string
	before string
}

// newHostile works below a directory whose parents are root's, which a test's own
// directory is not. The programs that the scripts need and this machine may lack are
// stand-ins.
func newHostile(t *testing.T) *hostile {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can give files to another user")
	}
	if _, err := user.Lookup(siteUser); err != nil {
		t.Skip("this system has no " + siteUser)
	}
	base, err := os.MkdirTemp("/var/lib", "webtier-test-") //nolint:usetesting // anybody may write above a directory of t.TempDir
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	must(t, os.Chmod(base, 0o755))
	bin := filepath.Join(base, "bin")
	must(t, os.Mkdir(bin, 0o755))
	must(t, os.WriteFile(filepath.Join(bin, "php"), []byte("#!/bin/sh\necho terraform-ha:done\n"), 0o755))
	spec := wordpressSpec()
	spec.DocumentRoot, spec.Mount, spec.MountPoint = base+"/site", nil, ""
	spec.Name = filepath.Base(base)
	t.Cleanup(func() { _ = os.RemoveAll(spec.state()) })
	return &hostile{host: host.New("web1", rootShell{bin}), spec: spec, victim: base + "/victim"}
}

// plant has every name in the document root, and every one that former releases used
// there, lead to a file of root's.
func (h *hostile) plant(t *testing.T) {
	t.Helper()
	must(t, os.WriteFile(h.victim, []byte("root's own\n"), 0o600))
	h.before = h.look(t)
	for _, name := range []string{
		".terraform-ha-health", ".terraform-ha-lock", ".terraform-ha-cron.lock", ".terraform-ha-wordpress", ".terraform-ha-wordpress.new",
		".terraform-ha-probe.web1", "wp-salts.php", "wp-salts.php.new", "wp-config.php", "wp-config.php.new", "wordpress", "wordpress.php",
		"salts.php", "sentinel", "lock", "index.php", "wp-load.php",
	} {
		link := filepath.Join(h.spec.DocumentRoot, name)
		must(t, os.Symlink(h.victim, link))
		must(t, exec.CommandContext(t.Context(), "chown", "-h", siteUser, link).Run())
	}
	must(t, os.Symlink(filepath.Dir(h.victim), filepath.Join(h.spec.DocumentRoot, "wp-content")))
}

// seen is what a plan would know of the machine.
func (h *hostile) seen(t *testing.T, s Spec) NodeStatus {
	t.Helper()
	answers, err := h.host.Ask(t.Context(), sharedQuestion(s, false))
	must(t, err)
	return tier.Read(concerns(), s, h.host.Name(), answers)
}

// look describes the victim and what lies beside it.
func (h *hostile) look(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(h.victim)
	must(t, err)
	info, err := os.Stat(h.victim)
	must(t, err)
	entries, err := os.ReadDir(filepath.Dir(h.victim))
	must(t, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return fmt.Sprintln(string(content), info.Mode(), info.Sys().(*syscall.Stat_t).Uid, names)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPlantedLinksAreNotFollowed does everything that is done in the document root
// where the site's own user was first.
func TestPlantedLinksAreNotFollowed(t *testing.T) {
	h := newHostile(t)
	s := h.spec
	must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
	h.plant(t)
	archive := filepath.Join(filepath.Dir(h.victim), "archive")
	must(t, os.MkdirAll(archive+"/wordpress/wp-content/themes", 0o755))
	must(t, os.WriteFile(archive+"/wordpress/wp-load.php", []byte("<?php\n"), 0o644))
	must(t, exec.CommandContext(t.Context(), "tar", "-C", archive, "-czf", archive+"/w.tar.gz", "wordpress").Run())
	sum, err := os.ReadFile(archive + "/w.tar.gz")
	must(t, err)
	h.before = h.look(t)
	for name, do := range map[string]func() error{
		"prepare": func() error { return prepareRoot(s, Identity{})(t.Context(), h.host) },
		"copy": func() error {
			_, err := h.host.Run(t.Context(), shell.Script(copyWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), "file://"+archive+"/w.tar.gz", host.Digest(sum)))
			return err
		},
		"configure": func() error { return writeWordPressConfig(s)(t.Context(), h.host) },
		"install":   func() error { return installWordPress(s)(t.Context(), h.host) },
		"look": func() error {
			_, err := h.host.Ask(t.Context(), sharedQuestion(s, false))
			return err
		},
	} {
		// What cannot be written in such a place is an error, or not: what counts is
		// that it is not written elsewhere.
		t.Logf("%s: %v", name, do())
		if diff := cmp.Diff(h.before, h.look(t)); diff != "" {
			t.Errorf("%s changed the victim:\n%s", name, diff)
		}
	}
	if loader, err := os.ReadFile(s.DocumentRoot + "/wp-config.php"); err != nil || string(loader) != string(wordpressLoader(s)) {
		t.Errorf("wp-config.php is %q, %v", loader, err)
	}
	must(t, wipeRoot(s)(t.Context(), h.host))
	if diff := cmp.Diff(strings.Replace(h.before, " site ", " ", 1), strings.Replace(h.look(t), " site ", " ", 1)); !strings.Contains(h.look(t), "victim") || strings.Contains(h.look(t), " site ") {
		t.Errorf("wiping left:\n%s", diff)
	}
	if _, err := os.Stat(s.state()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the record is still there: %v", err)
	}
}

// TestWhatLiesInTheSiteHoldsUpNobody has wp-config.php be something that never ends,
// never answers, or is not to be read by the site.
func TestWhatLiesInTheSiteHoldsUpNobody(t *testing.T) {
	h := newHostile(t)
	s := h.spec
	must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
	must(t, os.WriteFile(h.victim, []byte("root's own\n"), 0o600))
	config := s.DocumentRoot + "/wp-config.php"
	for name, put := range map[string]func() error{
		"endless": func() error { return os.Symlink("/dev/zero", config) },
		"pipe":    func() error { return syscall.Mkfifo(config, 0o666) },
		"root's":  func() error { return os.Symlink(h.victim, config) },
		"huge":    func() error { return os.WriteFile(config, make([]byte, 1<<20), 0o644) },
		"none":    func() error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			must(t, put())
			defer os.Remove(config)
			begin := time.Now()
			node := h.seen(t, s)
			secret := host.Digest([]byte("root's own\n"))
			if node.Mount.Answer != AnswerOK || !node.WordPress.Looked || (node.WordPress.Loader != "") != (name != "none") || node.WordPress.Loader == secret {
				t.Errorf("seen: %+v %+v", node.Mount, node.WordPress)
			}
			if took := time.Since(begin); took > 4*time.Second {
				t.Errorf("looking took %s", took)
			}
		})
	}
}

// TestExposedParentsEndTheWork has the site's own user own the directory in which the
// document root lies.
func TestExposedParentsEndTheWork(t *testing.T) {
	h := newHostile(t)
	parent := filepath.Dir(h.spec.DocumentRoot)
	must(t, exec.CommandContext(t.Context(), "chown", siteUser, parent).Run())
	for name, do := range map[string]action{"prepare": prepareRoot(h.spec, Identity{}), "wipe": wipeRoot(h.spec)} {
		if err := do(t.Context(), h.host); err == nil || !strings.Contains(err.Error(), parent+" belongs to "+siteUser) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(h.spec.DocumentRoot); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the document root was made: %v", err)
	}
	node := h.seen(t, h.spec)
	if len(node.Exposed) != 1 || !strings.Contains(node.Exposed[0], parent) {
		t.Errorf("seen: %q", node.Exposed)
	}
}

// TestASentinelIsMadeOnce keeps the site's number, and makes none where a site that is
// known should be.
func TestASentinelIsMadeOnce(t *testing.T) {
	h := newHostile(t)
	s := h.spec
	seen := func() Identity {
		node := h.seen(t, s)
		return node.Mount.Sentinel
	}
	must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
	first := seen()
	must(t, prepareRoot(s, first)(t.Context(), h.host))
	s.Mount = nil
	if again := seen(); again != first || len(first.Site) != 36 || first.Volume != "" {
		t.Errorf("the site was %+v and is %+v", first, again)
	}
	must(t, os.Remove(s.sentinel()))
	if err := prepareRoot(s, first)(t.Context(), h.host); err == nil || !strings.Contains(err.Error(), "emptied") {
		t.Errorf("a lost sentinel: %v", err)
	}
	if _, err := os.Stat(s.sentinel()); err == nil {
		t.Error("it was made again")
	}
}

// TestExposedDirectoriesAreRefused has somebody else own the directory that the
// document root lies in.
func TestExposedDirectoriesAreRefused(t *testing.T) {
	hosts, tier, _, spec := built(t)
	tier.Volume.Exposed = "/srv/www belongs to www-data with mode drwxr-xr-x"
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), "/srv/www belongs to www-data") {
		t.Errorf("got %v", err)
	}
}

func TestGuardedDirectories(t *testing.T) {
	spec := good().Defaulted()
	if got := strings.Join(spec.guarded(), " "); got != "/ /srv /srv/www /srv/www/.terraform-ha /srv/www/.terraform-ha/shop" {
		t.Error(got)
	}
	spec.Mount, spec.MountPoint = nil, ""
	if got := strings.Join(spec.guarded(), " "); got != "/ /srv /srv/www /var /var/lib /var/lib/terraform-ha /var/lib/terraform-ha/web-shop" {
		t.Error(got)
	}
	if got := (Spec{Name: "shop"}).guarded(); got != nil {
		t.Error(got)
	}
}

// TestSessionsAreShared begins with sessions of each node's own.
func TestSessionsAreShared(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	spec.Sessions = SessionsShared
	if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()); !strings.Contains(drift, "srv-www.mount differs") {
		t.Errorf("the plan says %s", drift)
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() || !tier.Volume.Sessions {
		t.Errorf("left: %v", plan.Drift())
	}
	tier.Volume.Sessions = false
	if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()); !strings.Contains(drift, "/srv/www/.terraform-ha/shop/sessions is not there for www-data alone") {
		t.Errorf("the plan says %s", drift)
	}
	ini := machines["web3"].Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content
	for _, want := range []string{`session.save_path = "/srv/www/.terraform-ha/shop/sessions"`, `session.gc_probability = "1"`} {
		if !strings.Contains(ini, want) {
			t.Errorf("no %s in\n%s", want, ini)
		}
	}
	const unit = "/etc/systemd/system/srv-www.mount"
	if content := machines["web1"].Files[unit].Content; !strings.Contains(content, ",attribute-timeout=0,entry-timeout=0,xlator-option=*-quick-read.cache-timeout=0\n") {
		t.Errorf("mounted by\n%s", content)
	}
	if local := string(phpFiles(good().Defaulted(), "8.2", host.Facts{})[0].Content); !strings.Contains(local, `session.save_path = "/var/lib/php/sessions"`) {
		t.Errorf("by default:\n%s", local)
	}
}

// TestTheDirectoryOfSessionsIsTheSitesAlone makes it, by the script itself.
func TestTheDirectoryOfSessionsIsTheSitesAlone(t *testing.T) {
	h := newHostile(t)
	s := h.spec
	s.Sessions = SessionsShared
	must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
	node := h.seen(t, s)
	if node.Mount.Sessions != "700 www-data" {
		t.Errorf("seen: %q", node.Mount.Sessions)
	}
	if info, err := os.Stat(s.sessions()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
