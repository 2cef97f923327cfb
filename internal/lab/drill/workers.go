package drill

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

var (
	//go:embed scripts/php-client.sh
	clientScript string
	//go:embed scripts/rows.php
	rowsProgram string
	//go:embed scripts/files.php
	filesProgram string
	//go:embed scripts/watch.sh
	watchScript string
	//go:embed scripts/remove-posts.php
	removePostsProgram string
)

const (
	// tokenFile ends the clients on a machine when it is gone, as it is after a boot.
	tokenFile = "/run/terraform-ha-drill"
	// folder is below the document root. Web servers show no dot files to visitors.
	folder = ".terraform-ha-drill"
	table  = "terraform_ha_drill"
	// again is how long a drill waits before it starts a client again that has ended, for
	// example because its machine is off.
	again = 2 * time.Second
)

// prepare makes the table and the folder that clients write to.
func (t *Traffic) prepare(ctx context.Context) error {
	if t.rows() {
		if err := t.statements(ctx, "CREATE TABLE IF NOT EXISTS "+table+" (client VARCHAR(40) NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (client, n))"); err != nil {
			return err
		}
	}
	if web := t.Site.Nodes[website.Web]; len(web) > 0 {
		if _, err := t.Site.Ask(ctx, web[0], `umask 077; mkdir -p "$1/$2"`, t.Site.DocumentRoot, folder); err != nil {
			return err
		}
	}
	return nil
}

// rows reports whether there are clients of the database.
func (t *Traffic) rows() bool {
	return t.Credentials.DatabaseUser != "" && t.Site.Floating != "" && len(t.Site.Nodes[website.Web]) > 0
}

// statements runs statements as the application does, from a web server through the
// floating IP.
func (t *Traffic) statements(ctx context.Context, statements string) error {
	c := t.Credentials
	_, err := t.Site.Feed(ctx, t.Site.Nodes[website.Web][0], c.DatabasePassword+"\n"+statements, `IFS= read -r MYSQL_PWD; export MYSQL_PWD
exec timeout 20 mariadb --batch --skip-column-names --host "$1" --user "$2" "$3"`, t.Site.Floating, c.DatabaseUser, c.Database)
	return err
}

// startWorkers starts the clients of the database and of the files.
func (t *Traffic) startWorkers(ctx context.Context) {
	web := t.Site.Nodes[website.Web]
	for _, node := range web[:min(clientNodes, len(web))] {
		for kind, mode := range map[Kind]string{RowsKept: "keep", RowsNew: "new"} {
			if t.rows() {
				t.worker(ctx, Client{kind, node}, rowsProgram, t.Ledger.row, func(until string) []string {
					return []string{t.Site.Floating, t.Credentials.DatabaseUser, t.Credentials.Database, node + "-" + mode, mode, milliseconds(t.every(rowEvery)), t.token, until}
				})
			}
		}
		t.worker(ctx, Client{FilesKind, node}, filesProgram, t.fileAcknowledged, func(until string) []string {
			return []string{t.Site.DocumentRoot, node, milliseconds(t.every(fileEvery)), t.token, until}
		})
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func (t *Traffic) fileAcknowledged(text string) {
	path, sum, _ := strings.Cut(text, " ")
	t.Ledger.file(File{path, sum})
}

// worker keeps a client on a machine running.
func (t *Traffic) worker(ctx context.Context, client Client, program string, acknowledged func(string), args func(until string) []string) {
	t.Recorder.Expect(client)
	t.stream(ctx, client.Node, clientScript, func() (string, []string) {
		return t.Credentials.DatabasePassword + "\n" + program, append([]string{t.token}, args(t.until())...)
	}, func(line string) {
		attempt, kept, err := parseAttempt(line)
		if err != nil {
			now := time.Now()
			attempt = Attempt{Start: now, End: now, Failure: shortened(err.Error())}
		}
		if attempt.OK() {
			acknowledged(kept)
		}
		t.Recorder.Add(client, attempt)
	})
}

// until is when a client that is started now ends at the latest, in seconds.
func (t *Traffic) until() string { return strconv.FormatInt(time.Now().Add(t.Limit).Unix(), 10) }

// parseAttempt reads a line of a client: when an attempt began and ended by the clock of
// its machine, "ok" with what was acknowledged or "failed" with what was said.
func parseAttempt(line string) (attempt Attempt, kept string, err error) {
	fields := strings.SplitN(line, " ", 4)
	if len(fields) < 3 {
		return Attempt{}, "", fmt.Errorf("the client says %q", line)
	}
	if len(fields) == 3 {
		fields = append(fields, "")
	}
	started, first := seconds(fields[0])
	ended, second := seconds(fields[1])
	attempt = Attempt{Start: started, End: ended}
	switch {
	case first != nil || second != nil:
		return Attempt{}, "", fmt.Errorf("the client says %q", line)
	case fields[2] == "ok":
		return attempt, fields[3], nil
	}
	attempt.Failure = shortened("failed: " + fields[3])
	return attempt, "", nil
}

func seconds(text string) (time.Time, error) {
	number, err := strconv.ParseFloat(text, 64)
	return time.UnixMicro(int64(number * 1e6)), err
}

// stream keeps a script running on a node until the context ends, and hands out the lines
// that it prints.
func (t *Traffic) stream(ctx context.Context, node, script string, next func() (stdin string, args []string), line func(string)) {
	t.all.Go(func() {
		for ctx.Err() == nil && !t.stopping.Load() {
			stdin, args := next()
			out := &lines{line: line}
			// That it ends is no failure: its machine may have lost power. What it did not
			// do shows as a gap.
			_ = t.Site.Machines.Exec(ctx, node, append([]string{"sh", "-c", script, "sh"}, args...), strings.NewReader(stdin), out)
			wait(ctx, again)
		}
	})
}

// wait returns after a time, or when the context ends.
func wait(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// lines hands out whole lines of what is written.
type lines struct {
	mu   sync.Mutex
	rest []byte
	line func(string)
}

func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, data...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		l.line(string(line))
		l.rest = rest
	}
}

// dismiss takes the token from all machines that can be reached.
func (t *Traffic) dismiss(ctx context.Context) {
	var all sync.WaitGroup
	for _, node := range t.Site.All() {
		all.Go(func() { _, _ = t.Site.Ask(ctx, node, `rm -f "$1"`, tokenFile) })
	}
	all.Wait()
}

// CleanUp removes what the traffic has written.
func (t *Traffic) CleanUp(ctx context.Context) error {
	web := t.Site.Nodes[website.Web]
	if len(web) == 0 {
		return nil
	}
	if t.Credentials.Author != "" {
		const script = `owner=$(stat -c %U "$1/wp-content/uploads") && cd "$1" && exec setpriv --reuid="$owner" --regid="$owner" --init-groups php -- "$2"`
		if _, err := t.Site.Run(ctx, web[0], removePostsProgram, script, t.Site.DocumentRoot, title); err != nil {
			return fmt.Errorf("cannot remove the posts of the drill: %w", err)
		}
	}
	if t.rows() {
		if err := t.statements(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
			return fmt.Errorf("cannot remove the rows of the drill: %w", err)
		}
	}
	if _, err := t.Site.Run(ctx, web[0], "", `rm -rf "$1/$2"`, t.Site.DocumentRoot, folder); err != nil {
		return fmt.Errorf("cannot remove the files of the drill: %w", err)
	}
	return nil
}
