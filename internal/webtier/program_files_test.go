package webtier

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

func readOnlySpec() Spec {
	spec := good()
	spec.WordPress = goodWordPress()
	spec.WordPress.ProgramFiles = ProgramFilesReadOnly
	return spec
}

// TestProgramFilesGetAnOwnerOfTheirOwn switches it on for a new site and for one that
// is there, changes what pages may write, and switches it off.
func TestProgramFilesGetAnOwnerOfTheirOwn(t *testing.T) {
	for name, before := range map[string]string{"new site": "", "existing site": ProgramFilesWritable} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, machines := simulate(t, "web1", "web2", "web3")
			apply := func(spec Spec, divided, owner string) {
				t.Helper()
				if err := convergeSim(t, hosts, spec, nil); err != nil {
					t.Fatal(err)
				}
				if plan := planSim(t, hosts, spec); !plan.Empty() || tier.Volume.Divided != divided || tier.Volume.Owner != owner+" www-data" || tier.Volume.Installs != 1 {
					t.Errorf("left: %v, %+v", plan.Drift(), tier.Volume)
				}
			}
			if before != "" {
				spec := readOnlySpec()
				spec.WordPress.ProgramFiles = before
				apply(spec, "", siteUser)
			}
			spec := readOnlySpec()
			apply(spec, "read_only 617 wp-content/uploads", programUser)
			for name, m := range machines {
				if !m.Unit(updateUnit).Running() || tier.Servers[name].Accounts[programUser] != "617" {
					t.Errorf("%s: %s is %s, users: %v", name, updateUnit, m.Unit(updateUnit).Active, tier.Servers[name].Accounts)
				}
			}
			spec.WordPress.WritableDirectories = []string{"wp-content/cache"}
			apply(spec, "read_only 617 wp-content/cache wp-content/uploads", programUser)
			spec.WordPress.Updates = UpdatesNone
			apply(spec, "read_only 617 wp-content/cache wp-content/uploads", programUser)
			spec.WordPress.WritableDirectories, spec.WordPress.ProgramFiles = nil, ProgramFilesWritable
			apply(spec, ProgramFilesWritable, siteUser)
			for name, m := range machines {
				if m.Unit(updateUnit).Running() || tier.Servers[name].Exists(systemUnits+updateUnit) {
					t.Errorf("%s still has %s", name, updateUnit)
				}
			}
		})
	}
}

// TestWhoMayWriteWhatIsDrift has somebody change it, and a machine come back that knows
// no owner.
func TestWhoMayWriteWhatIsDrift(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*webtiertest.Tier)
		want string
	}{
		"open":          {func(tier *webtiertest.Tier) { tier.Volume.Open = "wp-content/plugins" }, "pages can write wp-content/plugins"},
		"shut":          {func(tier *webtiertest.Tier) { tier.Volume.Shut = uploads }, "pages cannot write wp-content/uploads"},
		"root given":    {func(tier *webtiertest.Tier) { tier.Volume.Owner = "www-data www-data" }, "belongs to www-data:www-data instead of wordpress-files:www-data"},
		"no user":       {func(tier *webtiertest.Tier) { clear(tier.Servers["web2"].Accounts) }, "it has no user wordpress-files"},
		"record undone": {func(tier *webtiertest.Tier) { tier.Volume.Divided = "" }, "pages can write the program files"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _ := simulate(t, "web1", "web2", "web3")
			spec := readOnlySpec()
			must(t, convergeSim(t, hosts, spec, nil))
			test.do(tier)
			if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()); !strings.Contains(drift, test.want) {
				t.Errorf("drift is %s, want %q", drift, test.want)
			}
			must(t, convergeSim(t, hosts, spec, nil))
			if plan := planSim(t, hosts, spec); !plan.Empty() {
				t.Errorf("left: %v", plan.Drift())
			}
		})
	}
}

// TestEveryFaultOfDividingIsResumed switches it on for a site that is served.
func TestEveryFaultOfDividingIsResumed(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, tier, machines := simulate(t, "web1", "web2")
		spec := readOnlySpec()
		spec.Nodes = spec.Nodes[:2]
		writable := spec
		wordpress := *spec.WordPress
		wordpress.ProgramFiles = ProgramFilesWritable
		writable.WordPress = &wordpress
		must(t, convergeSim(t, hosts, writable, nil))
		fault.Arm(machines)
		first := convergeSim(t, hosts, spec, nil)
		fault.Disarm()
		if err := convergeSim(t, hosts, spec, nil); err != nil {
			t.Fatalf("after %v: %v", first, err)
		}
		if plan := planSim(t, hosts, spec); !plan.Empty() || tier.Volume.Divided == "" {
			t.Errorf("left: %v", plan.Drift())
		}
	})
}

// divided is a site of three files on this machine, with a user of the system in the
// place of the owner of program files.
type divided struct {
	*hostile
	owner, number string
}

func newDivided(t *testing.T) *divided {
	t.Helper()
	h := newHostile(t)
	const standIn = "games"
	account, err := user.Lookup(standIn)
	if err != nil {
		t.Skip("this system has no user " + standIn)
	}
	must(t, prepareRoot(h.spec, Identity{})(t.Context(), h.host))
	d := &divided{h, standIn, account.Uid}
	d.asSite(t, `mkdir -p wp-content/uploads/2026 wp-content/plugins/shop wp-includes wp-content/old && echo '<?php' >index.php && echo '<?php' >wp-content/plugins/shop/shop.php
echo picture >wp-content/uploads/2026/x.png; echo secret >wp-content/plugins/shop/key; chmod 0600 wp-content/plugins/shop/key; chmod 0777 wp-content/old; chmod 0700 wp-includes; echo '<?php' >wp-includes/load.php`)
	return d
}

// asSite runs a script as the site's own user, in the document root.
func (d *divided) asSite(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "setpriv", "--reuid="+siteUser, "--regid="+siteUser, "--clear-groups", "sh", "-c", `cd "$1" && eval "$2"`, "sh", d.spec.DocumentRoot, script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (d *divided) divide(t *testing.T, owner string, directories ...string) error {
	t.Helper()
	must(t, exec.CommandContext(t.Context(), "chown", "-h", owner, d.spec.DocumentRoot).Run())
	_, err := d.host.Run(t.Context(), shell.Script(divideFilesScript, d.spec.DocumentRoot, d.spec.state(), owner, d.number, strings.Join(directories, " ")))
	return err
}

// owners says whose every file of the site is, those in uploads with a mark.
func (d *divided) owners(t *testing.T) map[string][]string {
	t.Helper()
	owners := map[string][]string{}
	must(t, filepath.WalkDir(d.spec.DocumentRoot, func(name string, _ os.DirEntry, err error) error {
		must(t, err)
		var info syscall.Stat_t
		must(t, syscall.Lstat(name, &info))
		below, _ := filepath.Rel(d.spec.DocumentRoot, name)
		owner := fmt.Sprint(info.Uid)
		owners[owner] = append(owners[owner], below)
		return nil
	}))
	return owners
}

// TestPagesWriteUploadsAlone gives the files of a site to their owners in a real shell,
// and back.
func TestPagesWriteUploadsAlone(t *testing.T) {
	d := newDivided(t)
	before := d.owners(t)
	must(t, d.divide(t, d.owner, uploads, "wp-content/cache", "wp-content/plugins/none/cache"))
	got := d.owners(t)
	mine := slices.DeleteFunc(slices.Clone(got["33"]), func(name string) bool {
		return strings.HasPrefix(name, uploads) || name == "wp-content/cache"
	})
	if len(mine) > 0 || len(got["33"]) != 4 || len(got) != 2 {
		t.Errorf("files belong to %v", got)
	}
	if said := d.asSite(t, `cat wp-content/plugins/shop/key wp-includes/load.php; echo y >wp-content/uploads/2026/y.png; rm wp-content/uploads/2026/x.png; mkdir wp-content/cache/x
find . -writable | sort; for f in index.php new.php wp-content/x wp-content/old/x wp-content/plugins/shop/shop.php; do (: >>$f) 2>/dev/null && echo "wrote $f"; done
mv wp-content/uploads wp-content/away 2>/dev/null && echo moved; chmod 0777 . 2>/dev/null && echo opened; :`); said != "secret\n<?php\n./wp-content/cache\n./wp-content/cache/x\n./wp-content/uploads\n./wp-content/uploads/2026\n./wp-content/uploads/2026/y.png" {
		t.Errorf("pages said %s", said)
	}
	s := d.spec
	s.WordPress.ProgramFiles = ProgramFilesReadOnly
	node := d.seen(t, s)
	if node.WordPress.Files != "read_only "+d.number+" wp-content/uploads wp-content/cache wp-content/plugins/none/cache" || len(node.WordPress.Open)+len(node.WordPress.Shut) > 0 || node.Root.Owner != d.owner {
		t.Errorf("seen: %+v %+v", node.WordPress, node.Root)
	}
	// What is not to be written any more goes back, and an own owner of a subdirectory is told of.
	must(t, d.divide(t, d.owner, uploads))
	if got := d.owners(t); !slices.Contains(got[d.number], "wp-content/cache") || slices.Contains(got[d.number], uploads) {
		t.Errorf("with uploads alone: %v", got)
	}
	must(t, d.divide(t, siteUser))
	if got := d.owners(t); len(got) != 1 || len(got["33"]) < len(before["33"]) {
		t.Errorf("back again: %v", got)
	}
}

// TestLinksDoNotDecideWhoOwnsWhat has the site's own user plant links, among them one
// in the place of a directory that it may write, and of what leads to uploads.
func TestLinksDoNotDecideWhoOwnsWhat(t *testing.T) {
	d := newDivided(t)
	must(t, os.WriteFile(d.victim, []byte("root's own\n"), 0o600))
	elsewhere := filepath.Join(filepath.Dir(d.victim), "elsewhere")
	must(t, os.MkdirAll(elsewhere+"/uploads", 0o755))
	must(t, exec.CommandContext(t.Context(), "chown", "-R", siteUser, elsewhere+"/uploads").Run())
	private := filepath.Join(filepath.Dir(d.victim), "private")
	must(t, os.Mkdir(private, 0o700))
	before := d.look(t)
	d.asSite(t, "ln -s "+d.victim+" wp-content/uploads/link; ln -s "+d.victim+" victim.php; ln -s "+elsewhere+" wp-content/cache; ln -s "+filepath.Dir(d.victim)+" wp-content/plugins/out; mkfifo pipe; ln -s "+private+"/x unreachable")
	must(t, d.divide(t, d.owner, uploads, "wp-content/cache", "wp-content/cache/uploads"))
	if diff := cmp.Diff(before, d.look(t)); diff != "" {
		t.Errorf("the victim was changed:\n%s", diff)
	}
	var info syscall.Stat_t
	must(t, syscall.Stat(elsewhere+"/uploads", &info))
	if info.Uid != 33 {
		t.Errorf("what a link leads to belongs to %d", info.Uid)
	}
	// A program that is a link to what pages can write is what pages write.
	must(t, d.divide(t, siteUser))
	d.asSite(t, `echo '<?php' >wp-content/uploads/evil.php; ln -s ../../uploads/evil.php wp-content/plugins/shop/evil.php; ln -s ../uploads/later wp-content/plugins/later`)
	if err := d.divide(t, d.owner, uploads); err == nil || !strings.Contains(err.Error(), "./wp-content/plugins/shop/evil.php") || !strings.Contains(err.Error(), "./wp-content/plugins/later") {
		t.Errorf("with links into uploads: %v", err)
	}
	must(t, os.Remove(d.spec.DocumentRoot+"/wp-content/plugins/shop/evil.php"))
	must(t, os.Remove(d.spec.DocumentRoot+"/wp-content/plugins/later"))
	must(t, d.divide(t, d.owner, uploads))
	// What somebody else owns is not given away, and told of where pages can write it.
	must(t, os.Mkdir(d.spec.DocumentRoot+"/open", 0o755))
	must(t, os.Chmod(d.spec.DocumentRoot+"/open", 0o777))
	if err := d.divide(t, d.owner, uploads); err == nil || !strings.Contains(err.Error(), "./open") {
		t.Errorf("with a directory that is open to all: %v", err)
	}
}

func TestProgramFilesAreValidated(t *testing.T) {
	for name, test := range map[string]struct {
		files       string
		directories []string
		says        string
	}{
		"another word":     {"locked", nil, `"locked" is neither`},
		"of no use":        {ProgramFilesWritable, []string{"wp-content/cache"}, "of no use"},
		"outside":          {ProgramFilesReadOnly, []string{"cache"}, "is not a directory such as"},
		"a way up":         {ProgramFilesReadOnly, []string{"wp-content/../x"}, "is not a directory such as"},
		"plugins":          {ProgramFilesReadOnly, []string{"wp-content/plugins"}, "holds programs"},
		"good":             {ProgramFilesReadOnly, []string{"wp-content/cache", "wp-content/plugins/shop/cache"}, ""},
		"nothing declared": {"", nil, ""},
	} {
		spec := good()
		spec.WordPress = goodWordPress()
		spec.WordPress.ProgramFiles, spec.WordPress.WritableDirectories = test.files, test.directories
		said := fmt.Sprint(spec.Validate())
		if (test.says == "") != (said == "[]") || !strings.Contains(said, test.says) {
			t.Errorf("%s: %s", name, said)
		}
	}
}
