package webtier

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
