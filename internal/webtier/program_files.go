package webtier

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Whether pages may write the program files of WordPress.
const (
	// ProgramFilesWritable has the user who runs pages own all files.
	ProgramFilesWritable = "writable"
	// ProgramFilesReadOnly has another user own all but uploads, and update them.
	ProgramFilesReadOnly = "read_only"
)

// uploads is where pages may write in any case.
const uploads = "wp-content/uploads"

// readOnly reports whether pages may not write program files.
func (s Spec) readOnly() bool {
	return s.WordPress != nil && s.WordPress.ProgramFiles == ProgramFilesReadOnly
}

// filesOwner is who the document root belongs to.
func (s Spec) filesOwner() string {
	if s.readOnly() {
		return programUser
	}
	return siteUser
}

// writable are the directories of the site, relative to the document root, that pages
// may write while program files are read-only.
func (s Spec) writable() []string {
	return slices.Compact(slices.Sorted(slices.Values(append([]string{uploads}, s.WordPress.WritableDirectories...))))
}

var writablePattern = regexp.MustCompile(`^wp-content(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)

// programDirectories hold what is run, so that whoever writes there is who runs it.
var programDirectories = []string{"wp-content/plugins", "wp-content/themes", "wp-content/mu-plugins", "wp-content/languages", "wp-content/upgrade"}

func (w WordPress) validateProgramFiles(at func(message, attribute string)) {
	if w.ProgramFiles != ProgramFilesWritable && w.ProgramFiles != ProgramFilesReadOnly {
		at(fmt.Sprintf("%q is neither %q nor %q", w.ProgramFiles, ProgramFilesWritable, ProgramFilesReadOnly), "program_files")
	}
	if len(w.WritableDirectories) > 0 && w.ProgramFiles == ProgramFilesWritable {
		at("are of no use while program_files is \"writable\"", "writable_directories")
	}
	for _, directory := range w.WritableDirectories {
		switch {
		case !writablePattern.MatchString(directory):
			at(fmt.Sprintf("%q is not a directory such as wp-content/cache", directory), "writable_directories")
		case slices.Contains(programDirectories, directory):
			at(directory+" holds programs: whoever writes there decides what the site runs", "writable_directories")
		}
	}
}

// filesRecord is what the record says of who may write what.
func (s Spec) filesRecord(number int) string {
	if !s.readOnly() {
		return ProgramFilesWritable
	}
	return fmt.Sprintf("%s %d %s", ProgramFilesReadOnly, number, strings.Join(s.writable(), " "))
}

// ownerReasons says why program files and uploads do not belong to whom they should.
func ownerReasons(s Spec, seen WordPressStatus, number int) []string {
	record := cmp.Or(seen.Files, ProgramFilesWritable)
	var reasons []string
	switch wanted := s.filesRecord(number); {
	case record == wanted:
	case !s.readOnly():
		reasons = append(reasons, "pages cannot write the program files of WordPress")
	case record == ProgramFilesWritable:
		reasons = append(reasons, "pages can write the program files of WordPress")
	default:
		reasons = append(reasons, fmt.Sprintf("the files of WordPress were divided as %q", record))
	}
	if s.readOnly() && len(reasons) == 0 {
		if len(seen.Open) > 0 {
			reasons = append(reasons, "pages can write "+strings.Join(seen.Open, ", "))
		}
		if len(seen.Shut) > 0 {
			reasons = append(reasons, "pages cannot write "+strings.Join(seen.Shut, ", "))
		}
	}
	return reasons
}

// sampledForWriting are names that pages must not be able to write: those that a plan
// looks at anyway, and the directories in which names decide what is run.
const sampledForWriting = `. wp-content wp-content/plugins wp-content/themes wp-content/mu-plugins wp-includes wp-admin wp-config.php `

// divideFilesScript is the one place but for wiping where root does something below the
// document root: nobody else may give a file to another user. It changes owners and has
// kept no capability for anything else. The names that it meets may be the work of the
// site's own user, so that it goes from directory to directory by descriptors, never
// follows a link, and takes only what belongs to one of the two users: whatever is put
// in its way, no file of anybody else changes hands. All else is done by those two, and
// the last word is that of the user who runs pages: what may I write?
const divideFilesScript = `: web-divide-files
` + wordpressStamp + `number=$1; dirs=$2; limit=3600
exec 8<"$state/cron.lock" || exit 1
flock -w 600 8 || { echo "scheduled work of another machine does not end" >&2; exit 1; }
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
site=$(id -u ` + siteUser + `) || exit 1
was=$(sed -n 's/^files read_only \([0-9]*\) .*/\1/p' "$stamp" 2>/dev/null)
give() {
from=$1; to=$2; shift 2
setpriv --bounding-set=-all,+chown,+dac_read_search --inh-caps=-all --no-new-privs find "$root" -xdev "$@" -uid "$from" \
-execdir chown -h --from="$from" -- "$to:` + siteUser + `" {} +
}
if [ -z "$dirs" ]; then
give "$was" "$site" || exit 1
record files writable
exit 0
fi
[ "${was:-$number}" = "$number" ] || give "$was" "$number" || exit 1
set -- -false
for d in $dirs; do set -- "$@" -o -path "$root/$d" -o -path "$root/$d/*"; done
give "$site" "$number" ! \( "$@" \) || exit 1
as_owner sh -c 'cd "$1" || exit 1
for d in $2; do [ ! -d "${d%/*}" ] || [ -e "$d" ] || [ -L "$d" ] || mkdir -- "$d" || exit 1; done' sh "$root" "$dirs" || exit 1
give "$number" "$site" \( "$@" \) || exit 1
others='cd "$1" || exit 1; dirs=$2; set -- -false; for d in $dirs; do set -- "$@" -o -path "./$d"; done'
as_owner sh -c "$others"'
exec find . -xdev \( "$@" \) -prune -o -user "$(id -u)" \( -type d ! -perm -050 -o -type f ! -perm -040 -o ! -type l -perm /022 \) -exec chmod g+rX,go-w -- {} +' sh "$root" "$dirs" || exit 1
as_site sh -c "$others"'
exec find . -xdev \( "$@" \) -prune -o \( -writable -o -xtype l \) -print' sh "$root" "$dirs" >"$t/open" 2>"$t/why"; status=$?
# 1 says that it was not let in somewhere, where it cannot write then.
[ "$status" -le 1 ] || { echo "looking for what pages can write ended with $status: $(head -c 1000 "$t/why")" >&2; exit 1; }
if [ -s "$t/open" ]; then
echo "pages can still write these, or could write what these links lead to; give them to ` + programUser + `, or remove them:" $(head -n 5 "$t/open") >&2
exit 1
fi
record files read_only "$number" $dirs`

func divideFiles(s Spec, number int) action {
	return func(ctx context.Context, h *host.Host) error {
		dirs := ""
		if s.readOnly() {
			dirs = strings.Join(s.writable(), " ")
		}
		return h.RunDetached(ctx, "give the files of WordPress to their owners",
			shell.Script(divideFilesScript, s.DocumentRoot, s.state(), s.filesOwner(), strconv.Itoa(number), dirs))
	}
}
