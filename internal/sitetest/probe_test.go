package sitetest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

const (
	probeEvery = 200 * time.Millisecond
	// probeLimit is how long a visitor waits.
	probeLimit = 4 * time.Second
	firstPages = 5
	// mostFailures is how many failures of a probe are told.
	mostFailures = 6
)

// probePage writes a row and a file, reads both back, and only then says so.
const probePage = `<?php
header('Cache-Control: no-store');
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
set_error_handler(function ($number, $text) { throw new Exception($text); });
$n = (int) $_GET['n'];
try {
    $db = mysqli_init();
    $db->options(MYSQLI_OPT_CONNECT_TIMEOUT, 2);
    $db->options(MYSQLI_OPT_READ_TIMEOUT, 3);
    $db->real_connect('%[1]s', 'wordpress', '%[2]s', 'wordpress');
    $db->query("INSERT INTO ledger (n) VALUES ($n)");
    $row = $db->query("SELECT n FROM ledger WHERE n = $n")->fetch_row();
    $file = __DIR__ . "/ledger/$n";
    file_put_contents($file, "entry $n");
    if ($row[0] != $n || file_get_contents($file) !== "entry $n") throw new Exception('read something else');
    echo "kept $n";
} catch (Throwable $e) {
    http_response_code(500);
    echo get_class($e), ': ', $e->getMessage();
}
`

// placeProbe makes the site keep a ledger: a table and a folder.
func (s *site) placeProbe(t *testing.T) {
	t.Helper()
	password := s.databasePassword(t)
	_, err := s.throughFloating(t.Context(), "web1", password, "CREATE TABLE IF NOT EXISTS ledger (n BIGINT PRIMARY KEY)")
	must(t, err)
	// A page that is there already stays the same file: where a file is replaced while another
	// web server opens it, that one can fail to read it, once in a thousand times and for up to
	// a second (docs/guides/measurements.md, "A file replaced on another web server").
	_, err = s.feed(t.Context(), "web1", fmt.Sprintf(probePage, s.floating, password), `set -e
cat > /root/ledger.php
cmp -s /root/ledger.php "$1/ledger.php" || {
    cp /root/ledger.php "$1/ledger.php.new"
    chown root:www-data "$1/ledger.php.new"; chmod 640 "$1/ledger.php.new"
    mv "$1/ledger.php.new" "$1/ledger.php"
}
mkdir -p "$1/ledger"; chown www-data "$1/ledger"`, documentRoot)
	must(t, err)
}

// clearLedger takes the entries of earlier parts away, which have counted them: the files of
// a day would be most of what is copied when file servers change.
func (s *site) clearLedger(t *testing.T) {
	t.Helper()
	_, err := s.throughFloating(t.Context(), "web1", s.databasePassword(t), "DROP TABLE IF EXISTS ledger")
	must(t, err)
	for more := true; more; {
		more = s.sh(t, "web1", `cd "$1" && [ -d ledger ] || exit 0
end=$(($(date +%s) + 15))
find ledger -type f | head -n 5000 | while read -r file && [ "$(date +%s)" -lt "$end" ]; do rm -f "$file"; done
find ledger -type f | head -n 1`, documentRoot) != ""
	}
}

func (s *site) databasePassword(t *testing.T) string {
	t.Helper()
	return s.secret(t, "wordpress_database_password")
}

// secret is a variable as Terraform gets it.
func (s *site) secret(t *testing.T, name string) string {
	t.Helper()
	for _, variable := range slices.Backward(s.terraform(t, "version").Env) {
		if value, found := strings.CutPrefix(variable, "TF_VAR_"+name+"="); found {
			return value
		}
	}
	t.Fatalf("%s is not known", name)
	return ""
}

// throughFloating runs statements as the application does, from a web server.
func (s *site) throughFloating(ctx context.Context, node, password, statements string) (string, error) {
	return s.feed(ctx, node, password+"\n"+statements, `read -r MYSQL_PWD; export MYSQL_PWD
exec timeout 20 mariadb --batch --skip-column-names --host "$1" --user wordpress wordpress`, s.floating)
}

// probe visits the site all the time.
type probe struct {
	stop context.CancelFunc
	// begun is closed when the first pages were answered.
	begun, ended chan struct{}
	// The rest is the goroutine's until ended is closed.
	kept     []int64
	failures []string
	failed   int
	longest  time.Duration
	// logs are what the web servers wrote about each of the failures; looking counts who
	// fetches them.
	logs    [mostFailures]string
	looking sync.WaitGroup
}

// startProbe visits the site until report, or the end of the test.
func (s *site) startProbe(t *testing.T) *probe {
	t.Helper()
	s.placeProbe(t)
	ctx, stop := context.WithCancel(t.Context())
	p := &probe{stop: stop, begun: make(chan struct{}), ended: make(chan struct{})}
	go p.run(ctx, s)
	t.Cleanup(func() { stop(); <-p.ended })
	select {
	case <-p.begun:
	case <-time.After(time.Minute):
		t.Fatal("the site answers no page within a minute")
	}
	return p
}

func (p *probe) run(ctx context.Context, s *site) {
	defer close(p.ended)
	defer p.looking.Wait()
	client := visitor()
	ticks := time.NewTicker(probeEvery)
	defer ticks.Stop()
	last := time.Now()
	for ctx.Err() == nil {
		n := time.Now().UnixNano()
		err := s.visit(ctx, client, n)
		if ctx.Err() != nil {
			p.longest = max(p.longest, time.Since(last))
			return
		}
		if err == nil {
			p.kept = append(p.kept, n)
			p.longest = max(p.longest, time.Since(last))
			last = time.Now()
			if len(p.kept) == firstPages {
				close(p.begun)
			}
		} else {
			p.note(ctx, s, err)
		}
		select {
		case <-ctx.Done():
		case <-ticks.C:
		}
	}
}

func visitor() *http.Client { return &http.Client{Timeout: probeLimit} }

func (p *probe) note(ctx context.Context, s *site, err error) {
	p.failed++
	if place := len(p.failures); place < mostFailures {
		p.failures = append(p.failures, time.Now().UTC().Format("15:04:05.0 ")+err.Error()+pressed())
		p.looking.Go(func() { p.logs[place] = s.webErrors(ctx) })
	}
}

// webErrors are the last errors of each web server that there is now: one that leaves takes
// its log with it.
func (s *site) webErrors(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	containers, err := machine.List(ctx, s.Docker, s.Folder.Name)
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, container := range containers {
		number, err := strconv.Atoi(container.ID)
		if err != nil || !strings.HasPrefix(website.NodeOf(container.Label), string(web)) {
			continue
		}
		said, err := s.hardware.Exec(ctx, number, []string{"sh", "-c", "tail -q -n 3 /var/log/apache2/*-error.log"}, nil)
		fmt.Fprintf(&all, "\n    %s: %s", container.Label, bytes.TrimSpace(said))
		if err != nil {
			fmt.Fprintf(&all, " (%v)", err)
		}
	}
	return all.String()
}

// pressed says how busy this computer is, which runs the whole site: where everything waits
// for a processor, a page that is late says little of the site.
func pressed() string {
	load, _ := os.ReadFile("/proc/loadavg")
	pressure, _ := os.ReadFile("/proc/pressure/cpu")
	some, _, _ := strings.Cut(string(pressure), "\n")
	return fmt.Sprintf(" (%d processors, load %s, waiting for them: %s)", runtime.NumCPU(), strings.TrimSpace(string(load)), some)
}

func (s *site) visit(ctx context.Context, client *http.Client, n int64) error {
	body, err := s.load(ctx, client, "/ledger.php?n="+strconv.FormatInt(n, 10))
	if err == nil && body != "kept "+strconv.FormatInt(n, 10) {
		err = fmt.Errorf("the page says %.100q", body)
	}
	return err
}

// report ends the probe, prints how visitors fared, and returns the longest
// time without a page.
func (p *probe) report(t *testing.T, s *site, during string) time.Duration {
	t.Helper()
	p.stop()
	<-p.ended
	t.Logf("TIME %6.1fs longest time without a page %s (%d pages, %d failures)", p.longest.Seconds(), during, len(p.kept), p.failed)
	if len(p.failures) > 0 {
		for place := range p.failures {
			p.failures[place] += p.logs[place]
		}
		t.Logf("the first failures:\n  %s\nthe latest apply:\n%s", strings.Join(p.failures, "\n  "), s.applied)
	}
	if len(p.kept) == 0 {
		t.Fatal("no page was ever answered")
	}
	return p.longest
}

// wholeEntries prints the names of the files that have what was written to them.
const wholeEntries = `cd "$1/ledger" && find . -type f -exec awk '$0 == "entry " substr(FILENAME, 3) { print $2 }' {} +`

// wantKept fails where anything is missing that a visitor was told is kept.
func (s *site) wantKept(t *testing.T, p *probe) {
	t.Helper()
	for _, node := range s.databases() {
		out, err := s.sql(t.Context(), node, "SET SESSION wsrep_sync_wait = 1; SELECT n FROM wordpress.ledger")
		must(t, err)
		wantAll(t, "the table on "+node, p.kept, out)
	}
	for _, node := range s.webServers() {
		wantAll(t, "the folder on "+node, p.kept, s.sh(t, node, wholeEntries, documentRoot))
	}
}

func wantAll(t *testing.T, where string, kept []int64, out string) {
	t.Helper()
	entries := make([]string, 0, len(kept))
	for _, n := range kept {
		entries = append(entries, strconv.FormatInt(n, 10))
	}
	if lost := website.Missing(entries, out); len(lost) > 0 {
		t.Errorf("of %d entries %s has lost %d", len(kept), where, len(lost))
	}
}
