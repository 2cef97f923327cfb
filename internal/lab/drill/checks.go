package drill

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

//go:embed scripts/check-files.sh
var checkFilesScript string

// Looker looks at what became of what was acknowledged.
type Looker struct {
	Site website.Site
	// Database is the database with the rows and the posts.
	Database string
	// Posts is the table of WordPress's posts.
	Posts string

	// looked is how many files were compared on all web servers.
	looked int
	// lost is what an earlier look has found missing, by where it was and its name. It is
	// the loss of that fault, and not of a later one.
	lost map[[2]string]bool
}

// filesLimit bounds the comparison of files on one web server.
const filesLimit = 10 * time.Minute

// Look compares what was acknowledged with every database and every web server. Files
// that an earlier look has compared are only looked for, unless everything is wanted.
func (l *Looker) Look(ctx context.Context, kept Kept, everything bool) []Check {
	var checks []Check
	for _, node := range l.Site.Nodes[website.Databases] {
		if len(kept.Rows) > 0 {
			checks = append(checks, l.lines(ctx, node, "rows", kept.Rows, "SELECT CONCAT(client, ' ', n) FROM "+l.Database+"."+table))
		}
		if len(kept.Posts) > 0 {
			checks = append(checks, l.lines(ctx, node, "posts and uploads", kept.Posts, "SELECT ID FROM "+l.Database+"."+l.Posts))
		}
	}
	from := l.looked
	if everything {
		from = 0
	}
	all := true
	for _, node := range l.Site.Nodes[website.Web] {
		if len(kept.Files) > 0 {
			check := l.files(ctx, node, kept.Files, from)
			all = all && check.OK
			checks = append(checks, check)
		}
	}
	if all {
		l.looked = len(kept.Files)
	}
	return checks
}

// lines looks for entries in what a database returns once it has applied all that the
// others have committed.
func (l *Looker) lines(ctx context.Context, node, what string, entries []string, query string) Check {
	check := Check{Name: what + " on " + node}
	out, err := l.Site.SQL(ctx, node, "SET SESSION wsrep_sync_wait = 1; "+query)
	if err != nil {
		check.Detail = shortened(err.Error())
		return check
	}
	return l.compared(check, len(entries), website.Missing(entries, out))
}

// compared fills in what is missing, and says of what an earlier look has found missing that
// it still is.
func (l *Looker) compared(check Check, count int, missing []string) Check {
	found := l.newly(check.Name, missing)
	check = check.compared(count, found)
	if known := len(missing) - len(found); known > 0 {
		check.Detail = fmt.Sprintf("%d of %d are missing since an earlier fault", known, count)
		if len(found) > 0 {
			check.Detail += fmt.Sprintf("; %d more are lost: %s", len(found), shortened(strings.Join(found, ", ")))
		}
	}
	return check
}

// newly returns what is missing that no earlier look has found missing.
func (l *Looker) newly(where string, missing []string) []string {
	var found []string
	for _, entry := range missing {
		if l.lost == nil {
			l.lost = map[[2]string]bool{}
		}
		if key := [2]string{where, entry}; !l.lost[key] {
			l.lost[key] = true
			found = append(found, entry)
		}
	}
	return found
}

// compared fills in how many of some entries are missing.
func (c Check) compared(count int, missing []string) Check {
	c.OK, c.lost = len(missing) == 0, len(missing)
	c.Detail = fmt.Sprintf("all %d", count)
	if c.lost > 0 {
		c.Detail = fmt.Sprintf("%d of %d are lost: %s", c.lost, count, shortened(strings.Join(missing, ", ")))
	}
	return c
}

// files compares the checksums of files from an index on with what a web server reads,
// and looks for the ones before.
func (l *Looker) files(ctx context.Context, node string, files []File, from int) Check {
	check := Check{Name: "files on " + node}
	ctx, cancel := context.WithTimeoutCause(ctx, filesLimit, errors.New("the files were not read in time"))
	defer cancel()
	var list strings.Builder
	for i, file := range files {
		sum := file.SHA256
		if i < from {
			sum = "-"
		}
		fmt.Fprintf(&list, "%s %s\n", sum, file.Path)
	}
	out, err := l.Site.Run(ctx, node, list.String(), checkFilesScript, l.Site.DocumentRoot)
	if err != nil {
		check.Detail = shortened(err.Error())
		return check
	}
	lines := strings.Split(out, "\n")
	// The last line says that the script came to its end.
	if lines[len(lines)-1] != fmt.Sprintf("compared %d", len(files)) {
		check.Detail = "the comparison did not come to its end: " + shortened(out)
		return check
	}
	var late, missing []string
	for _, line := range lines[:len(lines)-1] {
		if said, found := strings.CutPrefix(line, "late "); found {
			late = append(late, said)
		} else {
			missing = append(missing, line)
		}
	}
	check = l.compared(check, len(files), missing)
	if len(late) > 0 {
		check.OK = false
		check.Detail += fmt.Sprintf("; %d were read at the second look only: %s", len(late), shortened(strings.Join(late, ", ")))
	}
	return check
}
