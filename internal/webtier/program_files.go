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
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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

func (w WordPress) validateProgramFiles(found *tier.Problems) {
	if w.ProgramFiles != ProgramFilesWritable && w.ProgramFiles != ProgramFilesReadOnly {
		found.Add(tier.At("wordpress", "program_files"), "%q is neither %q nor %q", w.ProgramFiles, ProgramFilesWritable, ProgramFilesReadOnly)
	}
	if len(w.WritableDirectories) > 0 && w.ProgramFiles == ProgramFilesWritable {
		found.Add(tier.At("wordpress", "writable_directories"), "writable directories are of no use while program_files is \"writable\"")
	}
	for _, directory := range w.WritableDirectories {
		switch {
		case !writablePattern.MatchString(directory):
			found.Add(tier.At("wordpress", "writable_directories"), "%q is not a directory such as wp-content/cache", directory)
		case slices.Contains(programDirectories, directory):
			found.Add(tier.At("wordpress", "writable_directories"), "%s holds programs: whoever writes there decides what the site runs", directory)
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

var divideFilesScript = shell.Embedded(scripts, "divide-files")

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
