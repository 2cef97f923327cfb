package webtier

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// The site's own user may write in the document root, and so may whoever found a hole in
// the site: a name in it can be a symbolic link to any file of the machine by the time
// that it is opened. So root only makes that directory itself, in parents that are root's
// alone, and gives it away; whatever is read or written in it is read and written by the
// site's own user, within a time limit (scripts/as-site.sh). What root has to know of the
// site lies in [Spec.state], which nobody else may write to.

// siteUser is who the site's files belong to and who runs its PHP.
const siteUser = "www-data"

// state is the directory of the tier's own record of the site: beside the site on the
// volume, or on the disk of a machine whose files are its own. It belongs to root.
func (s Spec) state() string {
	if s.Mount != nil {
		return path.Join(s.MountPoint, ".terraform-ha", s.Name)
	}
	return path.Join(host.MarkerDirectory, markerKind+"-"+s.Name)
}

// sentinel is the file whose reading proves that the shared directory is there.
func (s Spec) sentinel() string { return path.Join(s.state(), "sentinel") }

// guarded are the directories in which names are root's alone, so that the document
// root and the record are what they are taken for.
func (s Spec) guarded() []string {
	if s.DocumentRoot == "" {
		return nil
	}
	list := []string{s.state()}
	for _, below := range []string{s.DocumentRoot, s.state()} {
		for directory := path.Dir(below); !slices.Contains(list, directory); directory = path.Dir(directory) {
			list = append(list, directory)
		}
	}
	slices.Sort(list)
	return list
}

// prepareRoot makes the document root, the record's directory and the sentinel.
// Several machines do so on one volume at once. Where a machine knows the site
// already, nothing is made that is missing.
func prepareRoot(s Spec, site Identity) action {
	volume := ""
	if s.Mount != nil {
		volume = s.Mount.VolumeID
	}
	args := append([]string{s.DocumentRoot, s.state(), s.Name, cmp.Or(volume, "-"), site.Site, s.sessions(), s.filesOwner()}, s.guarded()...)
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "prepare "+s.DocumentRoot, shell.Script(prepareRootScript, args...))
	}
}

var prepareRootScript = shell.Embedded(scripts, "prepare-root")

// wipeRoot deletes the site. It is the one thing that root does below the document
// root: what other users own there has to go as well. The programs that do it go from
// directory to directory by descriptors and never follow a link.
func wipeRoot(s Spec) action {
	args := append([]string{s.DocumentRoot, s.MountPoint, s.state()}, s.guarded()...)
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "wipe "+s.DocumentRoot, shell.Script(wipeRootScript, args...))
	}
}

var wipeRootScript = shell.Embedded(scripts, "wipe-root")

func readContent(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for _, line := range answers.Parts.Lines(sharedPart) {
		words := fields(line, 3)
		switch words[0] {
		case "root":
			seen.Root = DirectoryStatus{Exists: true, Owner: words[1], Group: words[2]}
		case "sessions":
			seen.Mount.Sessions = strings.TrimPrefix(line, "sessions ")
		case "exposed":
			seen.Exposed = append(seen.Exposed, strings.TrimPrefix(line, "exposed "))
		}
	}
}

// refuseExposed refuses directories in which others than root may put names of their
// own in the place of those that root is to use.
func refuseExposed(d *draft) error {
	for _, m := range d.machines {
		if len(m.seen.Exposed) > 0 {
			return refused(d.spec, m.node.Name, m.seen.Exposed,
				"Directories above the document root belong to root and only root may write to them: give them back with chown and chmod, and look for what others may have put there. The site's own user writes in the document root.")
		}
	}
	return nil
}

// shared is the directory that holds what all nodes share: the mount, or the
// document root of a tier without one.
func (s Spec) shared() string {
	if s.Mount != nil {
		return s.MountPoint
	}
	return s.DocumentRoot
}

// DirectoryStatus is the document root.
type DirectoryStatus struct {
	Exists bool
	Owner  string
	Group  string
}

func planContent(d *draft, m *machine) {
	site, _ := d.knownSite(m.node.Name)
	p := part{title: "prepare the document root", do: prepareRoot(d.spec, site)}
	if m.mounts {
		// What lies on the mount is not known yet; the step leaves alone what exists.
		m.parts = append(m.parts, p)
		return
	}
	p.reasons = append(rootReasons(d.spec, m.seen), sentinelReasons(d.spec, m.seen)...)
	m.add(p)
}

// rootReasons says why the document root and its directory of sessions are not as they
// should be.
func rootReasons(s Spec, seen NodeStatus) []string {
	var reasons []string
	switch {
	case !seen.Root.Exists:
		reasons = append(reasons, s.DocumentRoot+" does not exist")
	case seen.Root.Owner != s.filesOwner() || seen.Root.Group != siteUser:
		if _, known := seen.accountNamed(s.filesOwner()); !known && s.readOnly() {
			break // who it belongs to has no name here yet
		}
		reasons = append(reasons, fmt.Sprintf("%s belongs to %s:%s instead of %s:%s", s.DocumentRoot, seen.Root.Owner, seen.Root.Group, s.filesOwner(), siteUser))
	}
	if s.sessions() != "" && seen.Root.Exists && seen.Mount.Sessions != "700 "+siteUser {
		reasons = append(reasons, s.sessions()+" is not there for "+siteUser+" alone")
	}
	return reasons
}

func sentinelReasons(s Spec, seen NodeStatus) []string {
	name := path.Base(s.sentinel())
	switch {
	case seen.Mount.Answer == AnswerNew:
		return []string{name + " is missing"}
	case seen.Mount.Answer == AnswerBroken:
		return []string{name + " cannot be read"}
	case seen.Mount.Answer == AnswerOK && s.Mount != nil && s.Mount.VolumeID != "" && seen.Mount.Sentinel.Volume == "":
		return []string{name + " does not name the volume"}
	}
	return nil
}

// sessions is the directory of the sessions that all nodes share. Its parent is
// root's, so that the site's own user can change what lies in it and not what it is.
func (s Spec) sessions() string {
	if s.Sessions != SessionsShared {
		return ""
	}
	return path.Join(s.state(), "sessions")
}

// sessionSettings are the settings of php.ini for the sessions. A session is a file
// that PHP locks while a request uses it, on a volume as well as on a disk. Debian
// leaves it to a timer to remove old ones, which knows nothing of the volume.
func (s Spec) sessionSettings() map[string]string {
	if s.sessions() == "" {
		return nil
	}
	return map[string]string{
		"session.save_handler": "files", "session.save_path": s.sessions(), "session.gc_probability": "1", "session.gc_divisor": "1000",
	}
}

// mountOptions are the options that the volume is mounted with. PHP locks a session,
// reads its size and then so much of it. The kernel remembers sizes for a second, and
// the client small files for as long: measured with three clients and the options of
// the web profile, 67 of 301 changes that requests of one session made at the same
// time on all of them were lost, and none with these options.
func (s Spec) mountOptions() string {
	options := s.Mount.options()
	if s.sessions() != "" {
		options += ",attribute-timeout=0,entry-timeout=0,xlator-option=*-quick-read.cache-timeout=0"
	}
	return options
}

func validateSessions(s Spec, found *tier.Problems) {
	switch s.Sessions {
	case SessionsLocal:
	case SessionsShared:
		if s.Mount == nil || !s.php() {
			found.Add(tier.At("sessions"), "sessions cannot be shared without PHP and a volume that all nodes mount")
		}
		if s.Mount != nil && strings.Contains(s.Mount.Options, "xlator-option=") {
			found.Add(tier.At("mount", "options"), "the options cannot have an xlator-option beside shared sessions: the client reads one alone")
		}
		for _, name := range []string{"session.save_handler", "session.save_path"} {
			if _, given := s.PHPSettings[name]; given {
				found.Add(tier.At("php_settings", name), "%s contradicts sessions = \"shared\"", name)
			}
		}
	default:
		found.Add(tier.At("sessions"), "%q is neither \"local\" nor \"shared\"", s.Sessions)
	}
}

func validateDirectories(s Spec, found *tier.Problems) {
	if message := directoryProblem(s.DocumentRoot); message != "" {
		found.Add(tier.At("document_root"), "%s", message)
		return
	}
	switch {
	case s.Mount == nil && s.MountPoint != "":
		found.Add(tier.At("mount_point"), "a mount point is of no use without a mount")
	case s.Mount != nil:
		if message := directoryProblem(s.MountPoint); message != "" {
			found.Add(tier.At("mount_point"), "%s", message)
		} else if s.DocumentRoot != s.MountPoint && !strings.HasPrefix(s.DocumentRoot, s.MountPoint+"/") {
			found.Add(tier.At("document_root"), "%s does not lie on the mount at %s", s.DocumentRoot, s.MountPoint)
		} else if s.DocumentRoot == s.MountPoint {
			found.Add(tier.At("document_root"), "the document root is a directory below the mount point, such as %s/site: the mount point itself holds what only root may write", s.MountPoint)
		}
	}
}

// directoryProblem says why a directory cannot be given to a site; empty if it can.
func directoryProblem(directory string) string {
	switch {
	case !strings.HasPrefix(directory, "/"):
		return fmt.Sprintf("%q is not an absolute path", directory)
	case directory != path.Clean(directory):
		return fmt.Sprintf("%q should be written %q", directory, path.Clean(directory))
	case directory != "/" && !pathPattern.MatchString(directory):
		return fmt.Sprintf("%q has parts other than letters, digits, dots, hyphens and underscores", directory)
	}
	first := strings.SplitN(directory, "/", 3)[1]
	switch first {
	case "", "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys", "usr", "tmp":
		return fmt.Sprintf("%s belongs to the system", directory)
	}
	switch directory {
	case "/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/backups", "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/run", "/var/spool", "/var/tmp":
		return fmt.Sprintf("%s belongs to the system; use a directory below it", directory)
	}
	for _, tree := range []string{"/var/lib/dpkg", "/var/lib/systemd", "/var/lib/terraform-ha", "/var/lib/php", "/var/log", "/var/run", "/var/cache", "/var/spool"} {
		if directory == tree || strings.HasPrefix(directory, tree+"/") {
			return fmt.Sprintf("%s belongs to the system", directory)
		}
	}
	return ""
}
