package webtier

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// PHP takes a setting that it does not know without a word, and so does the test of
// PHP-FPM: a name with a slip does nothing. What it knows depends on its version and
// on the extensions that are loaded, and so it is asked on the machine.

// unknownSettings is the shell that prints those of some names that PHP-FPM of a version
// does not know: "unknown name" where it knows others of that kind, which makes it a
// slip, and "unloaded name" where it knows none, because the extension that knows it is
// not loaded. All settings of PHP-FPM and of loaded extensions are in its information
// about itself, but for those of mysqlnd, which are taken for known.
const unknownSettings = `unknown_settings() {
[ $# -gt 1 ] || return 0
info=$("php-fpm$1" -i 2>/dev/null | sed -n 's/^\([A-Za-z][A-Za-z0-9_.]*\) => .* => .*/\1/p')
shift
[ -n "$info" ] || return 0
for name; do
case $name in mysqlnd.*) continue ;; esac
! printf '%s\n' "$info" | grep -qxF -e "$name" || continue
case $name in
*.*) printf '%s\n' "$info" | awk -v p="${name%%.*}." 'index($0, p) == 1 { found = 1 } END { exit !found }' || { echo "unloaded $name"; continue; } ;;
esac
echo "unknown $name"
done
}
`

// doubtfulSettings are the names of settings that PHP is asked about. Those that the
// tier sets itself are known, so that most plans need not ask.
func (s Spec) doubtfulSettings() []string {
	if !s.php() {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.PHPSettings)), func(name string) bool { return phpDefaults[name] != "" })
}

// Notices are what a user should know and no plan can change: settings of PHP that have
// no effect because the extension that knows them is not loaded, by machine.
func (s Spec) Notices(status Status) []string {
	nodes := map[string][]string{}
	for _, node := range s.Nodes {
		for _, name := range status.Nodes[node.Name].UnknownSettings {
			nodes[name] = append(nodes[name], node.Name)
		}
	}
	var notices []string
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		notices = append(notices, fmt.Sprintf("PHP on %s knows no setting %s: it has no effect there. If it belongs to an extension, name its package in packages.", strings.Join(nodes[name], ", "), name))
	}
	return notices
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

// parsePHP reads the answer of [phpScript], whose units and files are in the
// formats of package host.
func parsePHP(node *NodeStatus, lines []string) {
	var about, units, files strings.Builder
	section := &about
	for _, line := range lines {
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case "version":
			node.PHP = rest
		case "pool":
			node.DistributionPool = true
		case "unknown", "unloaded":
			if settingPattern.MatchString(rest) {
				node.UnknownSettings = append(node.UnknownSettings, rest)
			}
		case "units":
			section = &units
		case "files":
			section = &files
		default:
			section.WriteString(line + "\n")
		}
	}
	for name, unit := range host.ParseUnits(shell.Answer{Out: units.String()}) {
		node.Units[name] = unit
	}
	for name, file := range host.ParseFiles(shell.Answer{Out: files.String()}) {
		node.Files[name] = file
	}
}

// phpFile is a file below /etc/php/<version>/fpm.
type phpFile struct{ path, template string }

func phpFiles(s Spec) []phpFile {
	return []phpFile{
		{"conf.d/99-terraform-ha.ini", "php.ini.tmpl"},
		{"pool.d/terraform-ha-" + s.Name + ".conf", "pool.conf.tmpl"},
	}
}

// phpPaths are the files for PHP-FPM of a version.
func phpPaths(s Spec, version string) []string {
	paths := []string{path.Join(systemUnits, fpmUnit(version)+".d", "terraform-ha.conf")}
	for _, file := range phpFiles(s) {
		paths = append(paths, path.Join("/etc/php", version, "fpm", file.path))
	}
	return paths
}

func fpmUnit(php string) string { return "php" + php + "-fpm.service" }

func phpPart(s Spec, seen NodeStatus, set fileSet) part {
	_, whys := differing(seen, set.php)
	if seen.PHP == "" {
		return part{}
	}
	if seen.DistributionPool {
		whys = append(whys, "the distribution's pool www is enabled")
	}
	load := len(whys) > 0
	if slices.Contains(seen.Pending, phpService) {
		load = true
		whys = append(whys, fpmUnit(seen.PHP)+" has not loaded its configuration")
	}
	whys = append(whys, unitWhys(fpmUnit(seen.PHP), seen.Units[fpmKey])...)
	return part{title: "configure PHP-FPM", whys: whys, disruptive: true, repairs: !load, reverts: true, do: configurePHP(seen.PHP, set.php, s.doubtfulSettings(), load)}
}

// phpService is what [pendingDirectory] calls PHP-FPM.
const phpService = "php-fpm"

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
