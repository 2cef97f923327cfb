package webtier

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// GlusterFS is the type of a mount of a Gluster volume.
const GlusterFS = "glusterfs"

// Mount is what the nodes mount.
type Mount struct {
	// Source is "server:/volume".
	Source string
	// BackupServers are asked for the volume when the server in Source is down.
	BackupServers []string
	// Options are further mount options, separated by commas.
	Options string
	// VolumeID is the volume's identity; empty where none is known.
	VolumeID string
	// Type is the file system's; empty means [GlusterFS].
	Type string
}

// mountType is what differs between file systems. Another one is another entry.
type mountType struct {
	packages []string
	// client is the one of them whose major release follows that of the file servers.
	client string
	// kernelType is the type in the kernel's mount table.
	kernelType string
	options    func(Mount) []string
}

var mountTypes = map[string]mountType{
	GlusterFS: {
		packages:   []string{"glusterfs-client"},
		client:     "glusterfs-client",
		kernelType: "fuse.glusterfs",
		options: func(m Mount) []string {
			options := []string{"defaults", "_netdev", "log-level=WARNING", negativeTimeout}
			if len(m.BackupServers) > 0 {
				options = append(options, "backup-volfile-servers="+strings.Join(m.BackupServers, ":"))
			}
			return options
		},
	},
}

// negativeTimeout lets the kernel remember for a second that a file does not exist, which it
// does by default for one that does (mount.glusterfs(8), entry-timeout and
// attribute-timeout). WordPress asks for more than a hundred files that are not there for
// each page, and each question is one to every server.
const negativeTimeout = "negative-timeout=1"

func (m Mount) options() string {
	options := mountTypes[m.Type].options(m)
	// A volume's own export names most of these, too.
	for _, option := range strings.Split(m.Options, ",") {
		if option != "" && !slices.Contains(options, option) {
			options = append(options, option)
		}
	}
	return strings.Join(options, ",")
}

func (m Mount) validate(found *tier.Problems) {
	if _, known := mountTypes[m.Type]; !known {
		found.Add(tier.At("mount", "type"), "%q is not a known type; known are: %s", m.Type, strings.Join(slices.Sorted(maps.Keys(mountTypes)), ", "))
		return
	}
	server, volume, colon := strings.Cut(m.Source, ":")
	if !colon || !isHostName(server) || !volumePattern.MatchString(volume) {
		found.Add(tier.At("mount", "source"), "%q is not a source such as 10.0.0.11:/content", m.Source)
	}
	for _, backup := range m.BackupServers {
		if !isHostName(backup) {
			found.Add(tier.At("mount", "backup_servers"), "%q is neither an address nor a host name", backup)
		}
	}
	if m.Options != "" && !optionPattern.MatchString(m.Options) {
		found.Add(tier.At("mount", "options"), "%q is not a list of mount options", m.Options)
	}
}

// MountStatus is what is mounted at the mount point.
type MountStatus struct {
	// Type and Source are from the kernel's mount table; empty when nothing is.
	Type   string
	Source string
	// Answer is what real I/O on the shared directory gave: [AnswerOK] and so on.
	Answer string
	// Sessions are mode and owner of the directory of shared sessions.
	Sessions string
	// Sentinel is what the sentinel says.
	Sentinel Identity
	// Occupied says that nothing is mounted on a directory that has files.
	Occupied bool
}

// What real I/O on the shared directory can give.
const (
	AnswerOK     = "ok"
	AnswerHung   = "hung"
	AnswerBroken = "broken"
	// AnswerNew means that it works and has no sentinel file yet.
	AnswerNew = "new"
)

// matches reports whether what is mounted is this mount. The client may have
// been started from a backup server, and writes a volume with or without slash.
func (m Mount) matches(seen MountStatus) bool {
	if seen.Type != mountTypes[m.Type].kernelType {
		return false
	}
	server, volume, _ := strings.Cut(m.Source, ":")
	seenServer, seenVolume, _ := strings.Cut(seen.Source, ":")
	if strings.TrimPrefix(volume, "/") != strings.TrimPrefix(seenVolume, "/") {
		return false
	}
	for _, known := range append([]string{server}, m.BackupServers...) {
		if seenServer == known {
			return true
		}
	}
	return false
}

// mountUnit returns the name of the unit that systemd demands for a mount point.
func mountUnit(mountPoint string) string { return host.MountUnit(mountPoint) }

// mountPointFor returns the first two levels of a document root: a volume is
// mounted at /srv/www whether the site lies in it or deeper.
func mountPointFor(documentRoot string) string {
	levels := strings.Split(strings.Trim(path.Clean(documentRoot), "/"), "/")
	return "/" + strings.Join(levels[:min(2, len(levels))], "/")
}

const remountUnit = "terraform-ha-web-mount.timer"

// remount is the script that mounts again what is lost.
func (s Spec) remount() string { return s.library() + "/remount" }

// mountFiles are the unit that mounts the volume. Another one means to mount again.
func mountFiles(s Spec) []host.File {
	if s.Mount == nil {
		return nil
	}
	data := struct {
		Spec
		MountOptions string
	}{s, s.mountOptions()}
	return []host.File{rendered(systemUnits+mountUnit(s.MountPoint), "0644", "mount.tmpl", data)}
}

// remountPrograms is what mounts again what is lost.
func remountPrograms(s Spec) []host.File {
	if s.Mount == nil {
		return nil
	}
	data := struct {
		Spec
		PHP                                bool
		MountUnitQuoted, MountPointPattern string
	}{s, s.php(), mountUnit(s.MountPoint), regexp.QuoteMeta(s.MountPoint)}
	return []host.File{rendered(s.remount(), "0755", "remount.tmpl", data)}
}

// remountUnits is the timer that runs it.
func remountUnits(s Spec) []host.File {
	if s.Mount == nil {
		return nil
	}
	data := struct{ Name, Library string }{s.Name, s.library()}
	return []host.File{
		rendered(systemUnits+serviceOf(remountUnit), "0644", "remount.service.tmpl", data),
		rendered(systemUnits+remountUnit, "0644", "remount.timer.tmpl", data),
	}
}

var (
	mountVolumeScript  = shell.Embedded(scripts, "mount-volume")
	proveScript        = shell.Embedded(scripts, "prove-mount")
	mountScript        = shell.Embedded(scripts, "mount")
	mountPendingScript = shell.Embedded(scripts, "mount-pending")
	lookAtVolumeScript = shell.Embedded(scripts, "look-at-volume")
)

// askMount asks what is mounted, what is known of the site and what lies in the shared
// directory. What one machine learns of the database holds for all with the same files.
func askMount(s Spec, node string) tier.Questions {
	asked := tier.Questions{Parts: []shell.Part{sharedQuestion(s, s.Mount == nil || node == s.Nodes[0].Name)}}
	if s.Mount != nil {
		asked.Units, asked.Files = []string{mountUnit(s.MountPoint)}, paths(mountFiles(s))
	}
	return asked
}

// sharedPart is the question that the concerns share that know something of the shared
// directory: each of them reads the lines that are its own.
const sharedPart = "shared"

// sharedQuestion has one child look at the shared directory for all of them.
func sharedQuestion(s Spec, askDatabase bool) shell.Part {
	mountPoint, inside, writable, core, names := "", "", "", "", ""
	if s.Mount != nil {
		mountPoint = s.MountPoint
	}
	question := make([]string, 5)
	if s.WordPress != nil {
		inside, core, names = string(insideScript), coreFiles, sampledForWriting
		if s.readOnly() {
			writable = strings.Join(s.writable(), " ")
		}
		if askDatabase {
			question = s.WordPress.databaseQuestion()
		}
	}
	args := append([]string{mountPoint, s.DocumentRoot, s.state(), s.siteRecord(), inside, writable, core, names}, question...)
	return shell.Ask(sharedPart, mountScript, append(args, s.guarded()...)...)
}

func readMount(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for _, line := range answers.Parts.Lines(sharedPart) {
		words := fields(line, 3)
		switch words[0] {
		case "mounted":
			seen.Mount.Type, seen.Mount.Source = words[1], words[2]
		case "occupied":
			seen.Mount.Occupied = true
		case "answer":
			seen.Mount.Answer = words[1]
		}
	}
}

// refuseMountPoint refuses a mount point that somebody else uses: another file
// system, where no unit of ours mounts one, or files that a mount would hide.
func refuseMountPoint(d *draft) error {
	s := d.spec
	if s.Mount == nil {
		return nil
	}
	for _, m := range d.machines {
		seen := m.seen
		ours := seen.Files[systemUnits+mountUnit(s.MountPoint)].Exists
		evidence := ""
		switch {
		case seen.Mount.Type != "" && !s.Mount.matches(seen.Mount) && !ours:
			evidence = fmt.Sprintf("%s (%s) is mounted at %s, and not by us", seen.Mount.Source, seen.Mount.Type, s.MountPoint)
		case seen.Mount.Occupied:
			evidence = s.MountPoint + " has files, which the mount would hide"
		}
		if evidence != "" {
			return &reconcile.RefusedError{
				What: "mount " + s.Mount.Source, Node: m.node.Name, Evidence: []string{evidence},
				Remedy: "Choose another mount_point, or clear this one.", Path: []string{"mount_point"},
			}
		}
	}
	return nil
}

func planMount(d *draft, m *machine) {
	s, seen := d.spec, m.seen
	if s.Mount == nil {
		return
	}
	changed, reasons := differing(seen, mountFiles(s))
	unit := mountUnit(s.MountPoint)
	pending := slices.Contains(seen.Pending, "mount")
	if pending && len(changed) == 0 {
		reasons = append(reasons, unit+" was changed and not mounted again")
	}
	reasons = append(reasons, mountReasons(s, seen)...)
	if state := seen.Units[unit]; state.Load == "loaded" && !state.Enabled() {
		reasons = append(reasons, unit+" does not start at boot")
	}
	other := seen.Mount.Type != "" && !s.Mount.matches(seen.Mount)
	again := len(changed) > 0 || pending || other
	mount := mountVolume(s, changed, again)
	if site, _ := d.knownSite(m.node.Name); site.Site != "" && other {
		mount = inOrder(lookAtVolume(s, site), mount)
	}
	m.mounts = len(reasons) > 0
	m.add(part{title: "mount " + s.Mount.Source, reasons: reasons, disruptive: true, repairs: !again, do: mount})
}

// mountReasons says why what is mounted is not the volume, or is of no use.
func mountReasons(s Spec, seen NodeStatus) []string {
	switch {
	case seen.Mount.Type == "":
		return []string{fmt.Sprintf("%s is not mounted at %s", s.Mount.Source, s.MountPoint)}
	case !s.Mount.matches(seen.Mount):
		return []string{fmt.Sprintf("%s (%s) is mounted at %s instead of %s", seen.Mount.Source, seen.Mount.Type, s.MountPoint, s.Mount.Source)}
	case seen.Mount.Answer == AnswerHung:
		return []string{fmt.Sprintf("%s at %s does not answer within 5 s", s.Mount.Source, s.MountPoint)}
	case seen.Mount.Answer == AnswerBroken:
		return []string{fmt.Sprintf("%s at %s answers with an error", s.Mount.Source, s.MountPoint)}
	}
	return nil
}

// mountVolume mounts what is wanted and proves it by real I/O. A mount whose
// client lives and does not answer is given time and never torn down: the servers
// are the problem, and a second client would not reach them either.
func mountVolume(s Spec, changed []host.File, again bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if again {
			if err := run(ctx, h, "announce another mount", shell.Script(mountPendingScript, pendingDirectory)); err != nil {
				return err
			}
			if err := writeFiles(changed...)(ctx, h); err != nil {
				return err
			}
			if err := h.ReloadSystemd(ctx); err != nil {
				return err
			}
		}
		return startMount(s, again)(ctx, h)
	}
}

// startMount mounts the volume, again if that is asked: then the former mount goes on serving
// where somebody keeps it busy.
func startMount(s Spec, again bool) action {
	return func(ctx context.Context, h *host.Host) error {
		unit := mountUnit(s.MountPoint)
		if err := h.EnableUnit(ctx, unit); err != nil {
			return err
		}
		if err := run(ctx, h, "mount "+s.Mount.Source, shell.Script(mountVolumeScript,
			unit, s.MountPoint, mountTypes[s.Mount.Type].kernelType, yesNo(again), pendingDirectory, s.remount())); err != nil {
			return err
		}
		return run(ctx, h, fmt.Sprintf("use %s at %s", s.Mount.Source, s.MountPoint),
			shell.Script(proveScript, s.MountPoint, h.Name(), "60"))
	}
}

// lookAtVolume mounts another source aside and looks for the site on it, before the
// one that is served is taken away.
func lookAtVolume(s Spec, site Identity) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "find the site on "+s.Mount.Source, shell.Script(lookAtVolumeScript, s.Mount.Type, s.Mount.Source, s.mountOptions(), strings.TrimPrefix(s.sentinel(), s.MountPoint+"/"), site.Site))
	}
}
