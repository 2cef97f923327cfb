package webtier

import (
	"context"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Observe looks at every node, each with one command, all at the same time. On
// import the spec has only its name and nodes.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	spec = spec.Defaulted()
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (NodeStatus, error) {
		answers, err := view.Ask(ctx, questions(spec, view.Name())...)
		if err != nil {
			return NodeStatus{}, err
		}
		return parseNode(answers), nil
	})
	status := Status{Nodes: map[string]NodeStatus{}}
	for name, one := range seen {
		one.Value.Err = one.Err
		status.Nodes[name] = one.Value
	}
	return status
}

func questions(s Spec, node string) []shell.Part {
	set := files(s, node, host.Facts{}, "")
	units := []string{apacheUnit, probeUnit}
	if s.Mount != nil {
		units = append(units, mountUnit(s.MountPoint), remountUnit)
	}
	units = append(units, cronUnit, updateUnit)
	// What one machine learns of the database holds for all with the same files.
	askDatabase := s.Mount == nil || node == s.Nodes[0].Name
	parts := []shell.Part{
		host.AskFacts("facts"),
		shell.Ask("markers", `: web-markers
cd "$1" 2>/dev/null && for f in "$2"-*.json; do [ -e "$f" ] && printf '%s\n' "$f"; done; :`, host.MarkerDirectory, markerKind),
		shell.Ask("marker", `: web-marker
cat -- "$1" 2>/dev/null; :`, s.marker().Path()),
		host.AskPackages("packages", s.packages()...),
		host.AskUnits("units", units...),
		host.AskFiles("files", append(append(set.fixed(), s.marker().Path()), append(cronFiles(), updateFiles(s)...)...)...),
		shell.Ask("php", phpScript, append([]string{fpmKey, strings.Join(s.doubtfulSettings(), " ")}, phpPaths(s, versionMark)...)...),
		shell.Ask("enabled", `: web-apache-enabled
cd /etc/apache2 2>/dev/null && ls -d mods-enabled/* sites-enabled/* conf-enabled/*; :`),
		kernelQuestion(),
		askMount(s, askDatabase),
		shell.Ask("state", stateScript, s.healthURL(), drainFile, drainMark, s.rollingFile(), pendingDirectory),
	}
	if s.readOnly() {
		parts = append(parts, accountsQuestion())
	}
	return parts
}

// fpmKey stands for the unit of PHP-FPM, whose name has the version of PHP.
const fpmKey = "php-fpm.service"

// versionMark stands for the version of PHP in a path.
const versionMark = "%v"

// phpScript finds the newest PHP-FPM, which is known by its binary: its
// directories below /etc stay behind when it is removed.
const phpScript = `: web-php
` + unknownSettings + `key=$1; settings=$2; shift 2
v=''; n=0
for f in /usr/sbin/php-fpm[0-9]*; do [ ! -e "$f" ] || { v=${f##*/php-fpm}; n=$((n + 1)); }; done
[ "$n" -lt 2 ] || v=$(ls /usr/sbin/php-fpm[0-9]* | sed 's|.*/php-fpm||' | sort -V | tail -n 1)
[ -n "$v" ] || exit 0
printf 'version %s\n' "$v"
[ ! -e "/etc/php/$v/fpm/pool.d/www.conf" ] || echo pool
unknown_settings "$v" $settings
printf 'units\nUnit=%s\n' "$key"
systemctl show -p LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload -- "php$v-fpm.service"
echo files
n=$#
for f; do
while :; do case $f in *%v*) f=${f%%"%v"*}$v${f#*"%v"} ;; *) break ;; esac; done
[ ! -f "$f" ] || set -- "$@" "$f"
done
shift "$n"
[ $# -gt 0 ] || exit 0
stat -c '0%a %U %G %Y %n' -- "$@"
sha256sum -- "$@"`

// pendingDirectory has a file for every service whose configuration was written
// and not loaded. It is in memory, because a boot loads what is on disk.
const pendingDirectory = "/run/terraform-ha/web-pending"

const stateScript = `: web-state
if command -v curl >/dev/null; then printf 'health %s\n' "$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$1")"; fi
if [ -e "$2" ]; then if [ "$(cat "$2")" = "$3" ]; then echo 'drained change'; else echo 'drained operator'; fi; fi
[ ! -e "$4" ] || echo rolling
for f in "$5"/*; do [ ! -e "$f" ] || printf 'pending %s\n' "${f##*/}"; done`

// fields splits a line and makes sure that there are at least n of them.
func fields(line string, n int) []string {
	words := strings.Fields(line)
	for len(words) < n {
		words = append(words, "")
	}
	return words
}
