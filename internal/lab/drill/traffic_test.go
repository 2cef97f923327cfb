package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// wordpressDouble is a site that knows what the drill's visitors and author ask WordPress,
// refuses everything else, and can be told to fail.
type wordpressDouble struct {
	t  *testing.T
	mu sync.Mutex
	// away answers every request with 503, and forgets the sessions.
	away    bool
	nonce   string
	logins  int
	posts   []int
	uploads map[string]string
}

const doublePassword = "the password"

func (w *wordpressDouble) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		answer.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_, noCookie := request.Cookie("wordpress_logged_in_x")
	session := noCookie == nil && w.nonce != ""
	switch path := request.URL.RequestURI(); {
	case request.Method == http.MethodGet && path == "/":
	case request.Method == http.MethodPost && path == "/wp-login.php":
		if request.FormValue("log") == "editor" && request.FormValue("pwd") == doublePassword {
			w.logins++
			w.nonce = fmt.Sprint("nonce-", w.logins)
			http.SetCookie(answer, &http.Cookie{Name: "wordpress_logged_in_x", Value: "1"})
			answer.WriteHeader(http.StatusFound)
		}
	case path == "/wp-admin/admin-ajax.php?action=rest-nonce" && session:
		_, _ = io.WriteString(answer, w.nonce+"\n")
	case request.Method == http.MethodPost && strings.HasPrefix(path, "/?rest_route="):
		if !session || request.Header.Get("X-Wp-Nonce") != w.nonce {
			answer.WriteHeader(http.StatusForbidden)
			return
		}
		w.create(answer, request)
	default:
		w.t.Errorf("the double does not know %s %s", request.Method, path)
	}
}

func (w *wordpressDouble) create(answer http.ResponseWriter, request *http.Request) {
	content, err := io.ReadAll(request.Body)
	if err != nil {
		w.t.Error(err)
	}
	id := 100 + len(w.posts) + len(w.uploads)
	made := map[string]any{"id": id}
	switch route := request.URL.Query().Get("rest_route"); route {
	case "/wp/v2/posts":
		var post struct{ Title, Status string }
		if err := json.Unmarshal(content, &post); err != nil || !strings.HasPrefix(post.Title, title) || post.Status != "publish" {
			w.t.Errorf("the post is %q: %v", content, err)
		}
		w.posts = append(w.posts, id)
	case "/wp/v2/media":
		path := fmt.Sprintf("wp-content/uploads/%d.txt", id)
		w.uploads[path] = string(content)
		made["source_url"] = "http://site.example/" + path
	default:
		w.t.Errorf("the double does not know the route %s", route)
	}
	answer.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(answer).Encode(made)
}

func (w *wordpressDouble) fail(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
	if away {
		w.nonce = ""
	}
}

func newDouble(t *testing.T) (*wordpressDouble, website.Site) {
	t.Helper()
	double := &wordpressDouble{t: t, uploads: map[string]string{}}
	server := httptest.NewServer(double)
	t.Cleanup(server.Close)
	return double, website.Site{URL: server.URL}
}

func TestAuthor(t *testing.T) {
	double, site := newDouble(t)
	var ledger Ledger
	writer := &author{site: site, credentials: Credentials{Author: "editor", AuthorPassword: doublePassword}, ledger: &ledger, client: http.DefaultClient}
	for _, write := range []func(context.Context) error{writer.post, writer.upload, writer.post} {
		if err := write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kept := ledger.Kept()
	if diff := cmp.Diff([]string{"100", "101", "102"}, kept.Posts); diff != "" || double.logins != 1 {
		t.Errorf("%d logins, posts (-want +got)\n%s", double.logins, diff)
	}
	if len(kept.Files) != 1 || len(double.uploads[kept.Files[0].Path]) != uploadBytes {
		t.Errorf("files %v", kept.Files)
	}
	// While it is away nothing is acknowledged, and when it is back the session has ended:
	// one attempt fails, and the next one logs in again.
	double.fail(true)
	if err := writer.post(t.Context()); err == nil {
		t.Error("a post was acknowledged by a site that is away")
	}
	double.fail(false)
	if err := writer.post(t.Context()); err == nil {
		t.Error("a post was acknowledged to a session that has ended")
	}
	if err := writer.post(t.Context()); err != nil || double.logins != 2 || len(ledger.Kept().Posts) != 4 {
		t.Errorf("%v, %d logins, posts %v", err, double.logins, ledger.Kept().Posts)
	}
	writer = &author{site: site, credentials: Credentials{Author: "editor", AuthorPassword: "another"}, ledger: &ledger, client: http.DefaultClient}
	if err := writer.post(t.Context()); err == nil || !strings.Contains(err.Error(), "is not logged in") {
		t.Errorf("with another password: %v", err)
	}
}

// workers are machines on which the drill's clients report what they are told to, and end
// once so that they have to be started again.
type workers struct {
	mu       sync.Mutex
	started  map[string]int
	prepared []string
	// intervals are how often clients of rows were told to write, in milliseconds.
	intervals []string
}

func (w *workers) Exec(ctx context.Context, node string, argv []string, stdin io.Reader, stdout io.Writer) error {
	program, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	now := float64(time.Now().UnixMicro()) / 1e6
	said, kind := "", ""
	switch {
	case argv[2] == clientScript && strings.HasSuffix(string(program), rowsProgram):
		kind, said = "rows "+argv[9], fmt.Sprintf("%.6f %.6f ok %s 17\n%.6f %.6f failed no answer\n", now, now, argv[8], now, now)
	case argv[2] == clientScript && strings.HasSuffix(string(program), filesProgram):
		kind, said = "files", fmt.Sprintf("%.6f %.6f ok .terraform-ha-drill/%s-1 abc\n", now, now, argv[6])
	case argv[2] == watchScript:
		kind, said = "watch", fmt.Sprintf("%.6f good serves\n", now)
	default:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.prepared = append(w.prepared, node)
		return nil
	}
	w.mu.Lock()
	w.started[node+" "+kind]++
	if strings.HasPrefix(kind, "rows") {
		w.intervals = append(w.intervals, argv[10])
	}
	first := w.started[node+" "+kind] == 1
	w.mu.Unlock()
	// In pieces, as they come over a network.
	for piece := range slices.Chunk([]byte(said), 7) {
		if _, err := stdout.Write(piece); err != nil {
			return err
		}
	}
	if first {
		return fmt.Errorf("%s has lost power", node)
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestTraffic(t *testing.T) {
	double, site := newDouble(t)
	machines := &workers{started: map[string]int{}}
	site.Machines, site.Floating, site.DocumentRoot = machines, "10.0.0.10", "/srv/www/site"
	site.Nodes = map[website.Tier][]string{website.Databases: {"db1"}, website.Web: {"web1", "web2", "web3"}}
	traffic := &Traffic{
		Site: site, Recorder: &Recorder{}, Ledger: &Ledger{}, Watched: &Watched{}, Limit: time.Hour, Slow: 2,
		Credentials: Credentials{Author: "editor", AuthorPassword: doublePassword, DatabaseUser: "u", DatabasePassword: "p", Database: "d"},
	}
	began := time.Now()
	if err := traffic.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	double.fail(true)
	until(t, "a page has failed", func() bool {
		return Failed(traffic.Recorder.Between(Client{Kind: Pages}, began, time.Now())) > 0
	})
	double.fail(false)
	until(t, "all clients have been acknowledged, and were started again", func() bool {
		for _, client := range traffic.Recorder.Clients() {
			attempts := traffic.Recorder.Between(client, began, time.Now())
			if len(attempts) == Failed(attempts) || client.Node != "" && len(attempts) < 2 {
				return false
			}
		}
		return len(traffic.Recorder.Clients()) == 10
	})
	traffic.Stop(t.Context())
	kept := traffic.Ledger.Kept()
	for _, row := range []string{"web1-keep 17", "web1-new 17", "web2-keep 17", "web2-new 17"} {
		if !slices.Contains(kept.Rows, row) {
			t.Errorf("row %q is not in %v", row, kept.Rows)
		}
	}
	if !slices.Contains(kept.Files, File{".terraform-ha-drill/web2-1", "abc"}) {
		t.Errorf("files %v", kept.Files)
	}
	if spans := traffic.Watched.Spans("db1", began, time.Now()); !slices.ContainsFunc(spans, func(s Span) bool { return s.State == "good" }) {
		t.Errorf("db1 was %v", spans)
	}
	if intervals := slices.Compact(machines.intervals); !slices.Equal(intervals, []string{"400"}) {
		t.Errorf("with half the traffic, rows are written every %v ms", intervals)
	}
	if machines.started["web3 files"] > 0 || machines.started["web3 watch"] < 2 {
		t.Errorf("started %v", machines.started)
	}
	for _, node := range site.All() {
		if !slices.Contains(machines.prepared, node) {
			t.Errorf("%s keeps its token", node)
		}
	}
}

// until polls until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// local runs scripts on this computer, in the place of a machine.
type local struct{ path string }

func (l local) Exec(ctx context.Context, _ string, argv []string, stdin io.Reader, stdout io.Writer) error {
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Env = append(os.Environ(), "PATH="+l.path+":"+os.Getenv("PATH"))
	command.Stdin, command.Stdout = stdin, stdout
	return command.Run()
}

// TestLook compares files with a real shell, and rows with what a stand-in for the client
// of the database prints.
func TestLook(t *testing.T) {
	root, bin := t.TempDir(), t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		if err := os.WriteFile(name, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(bin, "mariadb"), "#!/bin/sh\ncase $(cat) in *CONCAT*) printf 'web1-new 1\\nweb1-new 2\\n' ;; *ID*) printf '100\\n' ;; esac\n", 0o755)
	files := []File{
		{"a b.txt", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{".terraform-ha-drill/web1-5/c.txt", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	}
	write(filepath.Join(root, "a b.txt"), "abc", 0o600)
	if err := os.MkdirAll(filepath.Join(root, folder, "web1-5"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(root, folder, "web1-5", "c.txt"), "abc", 0o600)
	site := website.Site{Machines: local{bin}, DocumentRoot: root, Nodes: map[website.Tier][]string{website.Databases: {"db1"}, website.Web: {"web1"}}}
	looker := &Looker{Site: site, Database: "d", Posts: "wp_posts"}
	kept := Kept{Rows: []string{"web1-new 1", "web1-new 2"}, Posts: []string{"100"}, Files: files}
	sum := func(checks []Check) (lost int, details string) {
		for _, check := range checks {
			lost += check.lost
			details += check.Name + ": " + check.Detail + "; "
		}
		return lost, details
	}
	want := "rows on db1: all 2; posts and uploads on db1: all 1; files on web1: all 2; "
	if lost, details := sum(looker.Look(t.Context(), kept, false)); lost != 0 || details != want {
		t.Errorf("%d lost: %s", lost, details)
	}
	// What was compared once is only looked for, until everything is wanted.
	write(filepath.Join(root, "a b.txt"), "another", 0o600)
	if lost, details := sum(looker.Look(t.Context(), kept, false)); lost != 0 {
		t.Errorf("%d lost: %s", lost, details)
	}
	if lost, details := sum(looker.Look(t.Context(), kept, true)); lost != 1 || !strings.Contains(details, "files on web1: 1 of 2 are lost: a b.txt;") {
		t.Errorf("%d lost: %s", lost, details)
	}
	if err := os.Remove(filepath.Join(root, folder, "web1-5", "c.txt")); err != nil {
		t.Fatal(err)
	}
	kept.Rows = append(kept.Rows, "web1-new 3")
	lost, details := sum(looker.Look(t.Context(), kept, false))
	if lost != 2 || !strings.Contains(details, "rows on db1: 1 of 3 are lost: web1-new 3;") || !strings.Contains(details, "files on web1: 1 of 2 are lost: .terraform-ha-drill/web1-5/c.txt;") {
		t.Errorf("%d lost: %s", lost, details)
	}
	// What was lost was said, and is no loss of a later fault.
	if lost, details := sum(looker.Look(t.Context(), kept, true)); lost != 0 {
		t.Errorf("%d lost once more: %s", lost, details)
	}
	// A web server that cannot be asked has not shown that it has anything.
	looker.Site.DocumentRoot = filepath.Join(root, "gone")
	if checks := looker.Look(t.Context(), kept, false); checks[2].OK {
		t.Errorf("%+v", checks[2])
	}
}

// TestAFileThatIsReadAtTheSecondLookIsNotLost has the first look fail.
func TestAFileThatIsReadAtTheSecondLookIsNotLost(t *testing.T) {
	root, bin := t.TempDir(), t.TempDir()
	program, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Fatal(err)
	}
	const failing = "#!/bin/sh\ncase $1 in\n--check) sed 's/^[^ ]*  //; s/$/: FAILED open or read/'; echo 'sha256sum: a.txt: Input/output error' >&2 ;;\n*) exec %s \"$@\" ;;\nesac\n"
	for name, content := range map[string]string{filepath.Join(bin, "sha256sum"): fmt.Sprintf(failing, program), filepath.Join(root, "a.txt"): "abc"} {
		if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	looker := &Looker{Site: website.Site{Machines: local{bin}, DocumentRoot: root, Nodes: map[website.Tier][]string{website.Web: {"web1"}}}}
	kept := Kept{Files: []File{{"a.txt", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}}
	checks := looker.Look(t.Context(), kept, false)
	const want = "all 1; 1 were read at the second look only: a.txt: sha256sum: a.txt: Input/output error"
	if len(checks) != 1 || checks[0].OK || checks[0].lost != 0 || checks[0].Detail != want {
		t.Errorf("got %+v", checks)
	}
}
