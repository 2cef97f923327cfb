package webtier

import (
	"context"
	"encoding/base64"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// action is work on one machine that is safe to repeat.
type action func(ctx context.Context, h *host.Host) error

func step(node, title, why string, do action) Step {
	return Step{Node: node, Title: title, Why: why, Do: func(ctx context.Context, target Target) error {
		h, found := target.Hosts[node]
		if !found {
			return fmt.Errorf("cannot %s on %s: the machine is not known", title, node)
		}
		return do(ctx, h)
	}}
}

// run runs a script for its effect.
func run(ctx context.Context, h *host.Host, what string, command shell.Command) error {
	if _, err := h.Run(ctx, command); err != nil {
		return fmt.Errorf("cannot %s on %s: %w", what, h.Name(), err)
	}
	return nil
}

// inOrder does one thing after the other.
func inOrder(first, then action) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := first(ctx, h); err != nil {
			return err
		}
		return then(ctx, h)
	}
}

func writeFiles(files ...host.File) action {
	return func(ctx context.Context, h *host.Host) error {
		for _, file := range files {
			if err := h.WriteFile(ctx, file); err != nil {
				return err
			}
		}
		return nil
	}
}

func writeScripts(changed []host.File, probe bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := writeFiles(changed...)(ctx, h); err != nil || !probe {
			return err
		}
		return run(ctx, h, "restart the probe", shell.Script(`: web-restart-probe
[ "$(systemctl show -p LoadState --value -- "$1")" != loaded ] || systemctl try-restart -- "$1"`, probeUnit))
	}
}

func setUpUnits(changed []host.File, wanted []string, restart bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := writeFiles(changed...)(ctx, h); err != nil {
			return err
		}
		if err := h.ReloadSystemd(ctx); err != nil {
			return err
		}
		if err := h.EnableUnit(ctx, wanted...); err != nil {
			return err
		}
		if restart {
			if err := h.RestartUnit(ctx, probeUnit); err != nil {
				return err
			}
		}
		return h.StartUnit(ctx, wanted...)
	}
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

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
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

// What [pendingDirectory] calls the services.
const (
	apacheService = "apache2"
	phpService    = "php-fpm"
)

// transaction is the shell that both configurations share: put files in place,
// keep what was there, and put it back when the service refuses them. The pending
// mark makes the next run load what an interrupted one has only written.
//
// Contents come on standard input, a line of base64 for each file: a setting may be
// secret, and a command line is for everybody on the machine to read.
const transaction = `set -u; umask 022
pending=$1/$2; count=$3; shift 3
mkdir -p "${pending%/*}" && : >"$pending" || exit 1
b=$(mktemp -d) || exit 1
trap 'rm -rf "$b"' EXIT
n=0
while [ "$n" -lt "$count" ]; do
n=$((n + 1)); f=$1; shift
read -r content || exit 1
printf %s "$f" >"$b/$n.path"
[ ! -e "$f" ] || cp -p -- "$f" "$b/$n.old"
mkdir -p -- "${f%/*}"
printf %s "$content" | base64 -d >"$f.terraform-ha-new" && chmod 0644 "$f.terraform-ha-new" && chown root:root "$f.terraform-ha-new" && mv -f -- "$f.terraform-ha-new" "$f" || exit 1
done
files_back() {
while [ "$n" -gt 0 ]; do
f=$(cat "$b/$n.path")
if [ -e "$b/$n.old" ]; then cp -p -- "$b/$n.old" "$f"; else rm -f -- "$f"; fi
n=$((n - 1))
done
}
`

// configureApacheScript tests before it loads. Another way to process requests
// and another port need a restart; all else is loaded without losing a request.
const configureApacheScript = `: web-configure-apache
` + transaction + `modules=$1; ours=$2
cd /etc/apache2 || exit 1
tar -cf "$b/enabled.tar" mods-enabled sites-enabled conf-enabled
ports=$(grep -h '^Listen' "$b"/*.old 2>/dev/null | sort); mpm=$(ls mods-enabled/mpm_*.load 2>/dev/null)
back() {
files_back
rm -rf mods-enabled sites-enabled conf-enabled; tar -xf "$b/enabled.tar"
}
unwanted=
for m in mods-enabled/mpm_prefork.load mods-enabled/mpm_worker.load mods-enabled/php*.load; do
[ ! -e "$m" ] && [ ! -L "$m" ] || unwanted="$unwanted $(basename "$m" .load)"
done
{ [ -z "$unwanted" ] || a2dismod -q -f $unwanted
a2enmod -q $modules && a2enconf -q "$ours" && a2ensite -q "$ours"
if [ -L sites-enabled/000-default.conf ]; then a2dissite -q 000-default; fi; } >"$b/said" 2>&1 || { back; rm -f "$pending"; cat "$b/said" >&2; exit 1; }
if ! apachectl configtest >"$b/said" 2>&1; then
back; rm -f "$pending"
echo "Apache refuses the configuration, the one before is back in place:" >&2
grep -v '^AH00558' "$b/said" >&2
exit 1
fi
if systemctl is-active --quiet apache2.service; then
verb=reload
[ "$(grep -h '^Listen' ports.conf | sort)" = "$ports" ] && [ "$(ls mods-enabled/mpm_*.load)" = "$mpm" ] || verb=restart
if ! systemctl "$verb" apache2.service || ! systemctl is-active --quiet apache2.service; then
journalctl -n 15 --no-pager -o cat -u apache2.service >&2
back; systemctl reset-failed apache2.service; systemctl restart apache2.service
rm -f "$pending"; exit 1
fi
fi
rm -f "$pending"`

const configurePHPScript = `: web-configure-php
` + transaction + unknownSettings + `version=$1
www=/etc/php/$version/fpm/pool.d/www.conf
[ ! -e "$www" ] || mv -f -- "$www" "$www.terraform-ha-off" || exit 1
refused=
if ! "php-fpm$version" -t >"$b/said" 2>&1; then refused=yes
elif unknown_settings "$@" | sed -n "s/^unknown \(.*\)/PHP $version knows no setting \1/p" >"$b/said" && [ -s "$b/said" ]; then refused=yes
fi
if [ -n "$refused" ]; then
files_back; rm -f "$pending"
[ -n "$(ls "${www%/*}"/*.conf 2>/dev/null)" ] || mv -f -- "$www.terraform-ha-off" "$www"
echo "PHP-FPM refuses the configuration, the one before is back in place:" >&2
cat "$b/said" >&2
exit 1
fi
if systemctl is-active --quiet "php$version-fpm.service"; then systemctl reload "php$version-fpm.service" || exit 1; fi
rm -f "$pending"`

// configure returns the command of one of the scripts that begin with [transaction].
func configure(script shell.Text, service string, files []host.File, more ...string) shell.Command {
	args := []string{pendingDirectory, service, fmt.Sprint(len(files))}
	var contents strings.Builder
	for _, file := range files {
		args = append(args, file.Path)
		contents.WriteString(base64.StdEncoding.EncodeToString(file.Content) + "\n")
	}
	return shell.Script(script, append(args, more...)...).WithStdin([]byte(contents.String()))
}

func configureApache(s Spec, files []host.File, load bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if load {
			command := configure(configureApacheScript, apacheService, files, strings.Join(s.modules(), " "), strings.TrimSuffix(s.apacheName(), ".conf"))
			if err := run(ctx, h, "configure Apache", command); err != nil {
				return err
			}
		}
		return startService(ctx, h, apacheUnit)
	}
}

func configurePHP(version string, files []host.File, settings []string, load bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if load {
			if err := run(ctx, h, "configure PHP-FPM", configure(configurePHPScript, phpService, files, append([]string{version}, settings...)...)); err != nil {
				return err
			}
		}
		return startService(ctx, h, fpmUnit(version))
	}
}

// startService starts a unit that may have given up starting.
func startService(ctx context.Context, h *host.Host, unit string) error {
	if err := run(ctx, h, "reset "+unit, shell.Script(`: web-reset-failed
systemctl reset-failed -- "$1" 2>/dev/null; :`, unit)); err != nil {
		return err
	}
	if err := h.EnableUnit(ctx, unit); err != nil {
		return err
	}
	return h.StartUnit(ctx, unit)
}

// restartServers restarts what is stuck on a machine that is not healthy although
// everything is as it should be: PHP-FPM that does not answer, and Apache that does
// not see the files. It does so only where the files can be read by their side's
// user, and after the time in which a machine that has just booted, or whose
// volume was slow, becomes healthy by itself.
func restartServers(s Spec, phpUnit string) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "restart what does not answer", shell.Script(`: web-restart-servers
url=$1; sentinel=$2; apache=$3; php=$4; n=0
ask() { curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$1"; }
until [ "$(ask "$url")" = 200 ]; do
[ "$n" -lt 50 ] || break
n=$((n + 1)); sleep 0.3
done
[ "$n" -ge 50 ] || exit 0
timeout -k 1 2 runuser -u www-data -- head -c 1 -- "$sentinel" >/dev/null 2>&1 || exit 0
stuck=
[ -z "$php" ] || [ "$(ask "$url-php")" = 200 ] || stuck=$php
[ "$(ask "$url-files")" = 204 ] || stuck="$stuck $apache"
for unit in $stuck; do
systemctl reset-failed -- "$unit" 2>/dev/null
systemctl restart -- "$unit" || { journalctl -n 15 --no-pager -o cat -u "$unit" >&2; exit 1; }
done`, s.healthURL(), s.sentinel(), apacheUnit, phpUnit))
	}
}

// healthLimit is how long a machine may take to become healthy after a change.
const healthLimit = 60 * time.Second

// awaitHealth waits on the machine itself until its health endpoint says 200. A
// machine that an operator drained only has to run.
func awaitHealth(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "see "+path.Base(s.HealthPath)+" answer 200", shell.Script(`: web-await-health
url=$1; drain=$2; mark=$3; end=$(( $(date +%s) + $4 ))
while :; do
code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$url")
[ "$code" != 200 ] || exit 0
if [ -e "$drain" ] && [ "$(cat "$drain")" != "$mark" ] && systemctl is-active --quiet apache2.service; then exit 0; fi
[ "$(date +%s)" -lt "$end" ] || break
sleep 0.2
done
echo "$url answers $code: $(curl -s --max-time 3 -- "$url" | head -c 200)" >&2
exit 1`, s.healthURL(), drainFile, drainMark, fmt.Sprint(int(healthLimit.Seconds()))))
	}
}
