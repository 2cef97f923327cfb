package webtier

import (
	"context"
	"fmt"
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
	// kernelType is the type in the kernel's mount table.
	kernelType string
	options    func(Mount) []string
}

var mountTypes = map[string]mountType{
	GlusterFS: {
		packages:   []string{"glusterfs-client"},
		kernelType: "fuse.glusterfs",
		options: func(m Mount) []string {
			options := []string{"defaults", "_netdev", "log-level=WARNING"}
			if len(m.BackupServers) > 0 {
				options = append(options, "backup-volfile-servers="+strings.Join(m.BackupServers, ":"))
			}
			return options
		},
	},
}

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

// remountScripts is what mounts again what is lost.
func remountScripts(s Spec) []host.File {
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
	mountPoint, inside, writable := "", "", ""
	if s.Mount != nil {
		mountPoint = s.MountPoint
	}
	question := make([]string, 5)
	if s.WordPress != nil {
		inside = insideScript
		if s.readOnly() {
			writable = strings.Join(s.writable(), " ")
		}
		if askDatabase {
			question = s.WordPress.databaseQuestion()
		}
	}
	args := append([]string{mountPoint, s.DocumentRoot, s.state(), s.siteRecord(), inside, writable}, question...)
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
			if err := run(ctx, h, "announce another mount", shell.Script(`: web-mount-pending
umask 022
mkdir -p "$1" && : >"$1/mount"`, pendingDirectory)); err != nil {
				return err
			}
			if err := writeFiles(changed...)(ctx, h); err != nil {
				return err
			}
			if err := h.ReloadSystemd(ctx); err != nil {
				return err
			}
		}
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

// mountVolumeScript makes the directory underneath useless, so that nothing is
// ever written beside the volume; not every file system and container can. A
// mount whose client is gone has to be taken away, or nothing can take its place.
// Servers that still see that one are restarted as the timer would; whether they
// can be is not this script's to say.
const mountVolumeScript = `: web-mount-volume
set -u; umask 022
` + welcomePage + `
unit=$1; mp=$2; type=$3; again=$4; pending=$5; remount=$6
mounted() { awk -v p="$mp" '$5 == p { found = 1 } END { exit !found }' /proc/self/mountinfo; }
client() { pgrep -f -- "^[^ ]*glusterfs .* $mp\$" >/dev/null; }
users=
if mounted && [ "$again" = yes ]; then
# Stopping the mount stops those that require it.
for u in $(cd /lib/systemd/system && ls php[0-9]*-fpm.service apache2.service 2>/dev/null); do
! systemctl is-active --quiet "$u" || users="$users $u"
done
systemctl stop -- "$unit"
# Our own probe reads there for a moment every second. Where somebody else keeps
# it busy, the old mount goes on serving.
n=0
while mounted && ! why=$(umount -- "$mp" 2>&1); do
n=$((n + 1)); [ "$n" -lt 25 ] || { echo "$why" >&2; systemctl start -- "$unit" $users; exit 1; }
sleep 0.2
done
elif mounted && [ "$type" = fuse.glusterfs ] && ! client; then
umount --lazy -- "$mp"
fi
if ! mounted; then
if [ -d "$mp" ]; then
[ -z "$(filled "$mp")" ] || { echo "$mp is not empty: its files would be hidden by the mount" >&2; exit 1; }
case $mp in /var/www | /var/www/html) remove_welcome "$mp" ;; esac
fi
if [ ! -d "$mp" ]; then
mkdir -p -m 0755 -- "$(dirname -- "$mp")" && mkdir -m 0000 -- "$mp" || exit 1
chattr +i -- "$mp" 2>/dev/null
fi
systemctl reset-failed -- "$unit" 2>/dev/null
if ! systemctl start -- "$unit"; then
journalctl -n 15 --no-pager -o cat -u "$unit" >&2
tail -n 5 "/var/log/glusterfs/$(printf %s "${mp#/}" | tr / -).log" >&2 2>/dev/null
exit 1
fi
fi
[ -z "$users" ] || systemctl start $users || exit 1
[ ! -x "$remount" ] || "$remount" || :
rm -f -- "$pending/mount"`

// proveScript writes a file, reads it back and removes it, in a child that can
// be left behind. Clients look for servers that came back every few seconds, so
// that an error is not the last word for half the time.
const proveScript = `: web-prove-mount
` + exposed + `d=$1; f=$1/.terraform-ha-probe.$2; limit=$3
t=$(mktemp -d) || exit 1
work() { exposed "$d" >&2; [ -z "$(exposed "$d")" ] && echo "$f $$" >"$f" && [ "$(cat -- "$f")" = "$f $$" ] && rm -f -- "$f"; }
keep_on() {
n=0
until work 2>"$t/why"; do
n=$((n + 1)); [ "$n" -lt "$limit" ] || { echo failed; return; }
sleep 0.5
done
echo ok
}
{ keep_on >"$t/said"; mv "$t/said" "$t/done"; } </dev/null >/dev/null 2>&1 &
i=0
while [ ! -e "$t/done" ] && [ "$i" -lt $((limit * 10)) ]; do sleep 0.1; i=$((i + 1)); done
said=$(cat "$t/done" 2>/dev/null); why=$(cat "$t/why" 2>/dev/null); rm -rf "$t"
case $said in
ok) exit 0 ;;
failed) echo "writing and reading a file in $d failed: $why" >&2 ;;
*) echo "$d did not answer within $limit s${why:+; before, it said: $why}" >&2 ;;
esac
exit 1`

// mountScript reads what is mounted from the kernel's table, because every other
// way looks at the directory and may block there. The look itself is a child
// that can be left behind: nothing interrupts a process that waits for FUSE.
const mountScript = `: web-mount
` + welcomePage + exposed + asSite + `mp=$1; root=$2; state=$3; known=$4; inside=$5; dirs=$6; code=$7; shift 7
identity() { site=; volume=; read -r _; read -r _ site; read -r _ volume; echo "$1 ${site:--} ${volume:--}"; }
[ ! -f "$known" ] || identity known <"$known"
if [ -n "$mp" ]; then
m=$(awk -v p="$mp" '$5 == p { for (i = 7; i <= NF; i++) if ($i == "-") l = $(i+1) " " $(i+2) } END { print l }' /proc/self/mountinfo)
if [ -z "$m" ]; then
[ -z "$(filled "$mp")" ] || echo occupied
exit 0
fi
printf 'mounted %s\n' "$m"
fi
[ -n "$root" ] || exit 0
t=$(mktemp -d) || exit 1
host=$1; name=$2; user=$3; prefix=$4; shift 4
look() {
case $(stat -- "$state/sentinel.absent" 2>&1) in *'No such file'*) ;; *) echo 'answer broken'; return ;; esac
why=$(exposed "$@"; [ ! -L "$root" ] || echo "$root is a symbolic link")
if [ -n "$why" ]; then echo "$why" | sed 's/^/exposed /'; return; fi
if [ ! -e "$state/sentinel" ]; then echo 'answer new'
elif said=$(identity sentinel <"$state/sentinel"); then printf 'answer ok\n%s\n' "$said"
else echo 'answer broken'; return; fi
[ -d "$root" ] || return
stat -c 'root %U %G' -- "$root"
[ ! -d "$state/sessions" ] || stat -c 'sessions %a %U' -- "$state/sessions"
[ -n "$inside" ] || return
[ ! -e "$state/wordpress" ] || sed 's/^/wordpress stamp /' "$state/wordpress"
(ulimit -f 64; limit=3 as_site sh -c "$inside" sh "$root" "$dirs" >"$t/inside")
head -c 8192 "$t/inside" | sed 's/^/inside /'
[ -e "$state/wordpress.php" ] || return
printf 'wordpress config %s ' "$(sha256sum <"$state/wordpress.php" | cut -d' ' -f1)"; stat -c '0%a %U %G' -- "$state/wordpress.php"
[ -s "$state/salts.php" ] || echo 'wordpress unsalted'
[ -z "$code" ] || grep "^define('DB_PASSWORD', " "$state/wordpress.php" >"$t/config"
}
{ look "$@" >"$t/said" 2>/dev/null; mv "$t/said" "$t/done"; } </dev/null >/dev/null 2>&1 &
i=0
while [ ! -e "$t/done" ] && [ "$i" -lt 90 ]; do if [ "$i" -lt 50 ]; then sleep 0.02; else sleep 0.1; fi; i=$((i + 1)); done
if [ -e "$t/done" ]; then cat "$t/done"; else echo 'answer hung'; fi
if [ -s "$t/config" ]; then
printf 'wordpress database %s\n' "$(timeout 6 php -n -d extension=mysqlnd -d extension=mysqli -r "$code" -- "$t/config" "$host" "$name" "$user" "$prefix")"
fi
rm -rf "$t"`

// lookAtVolume mounts another source aside and looks for the site on it, before the
// one that is served is taken away.
func lookAtVolume(s Spec, site Identity) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "find the site on "+s.Mount.Source, shell.Script(`: web-look-at-volume
type=$1; source=$2; options=$3; sentinel=$4; expected=$5
d=$(mktemp -d) || exit 1
trap 'umount -- "$d" 2>/dev/null || umount --lazy -- "$d" 2>/dev/null; rmdir -- "$d"' EXIT
timeout -k 5 120 mount -t "$type" -o "$options" "$source" "$d" || exit 1
found=$(timeout -k 1 30 sed -n 's/^site //p' "$d/$sentinel" 2>/dev/null)
[ "$found" != "$expected" ] || exit 0
echo "$sentinel on it is ${found:+that of }${found:-missing}: it is another volume, or an empty one. Nothing was changed" >&2
exit 1`, s.Mount.Type, s.Mount.Source, s.mountOptions(), strings.TrimPrefix(s.sentinel(), s.MountPoint+"/"), site.Site))
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

// mountPointFor returns the first two levels of a document root: a volume is
// mounted at /srv/www whether the site lies in it or deeper.
func mountPointFor(documentRoot string) string {
	levels := strings.Split(strings.Trim(path.Clean(documentRoot), "/"), "/")
	return "/" + strings.Join(levels[:min(2, len(levels))], "/")
}
