package linode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeAPI is one NodeBalancer configuration; it fails on what it does not know.
type fakeAPI struct {
	mu    sync.Mutex
	nodes []map[string]any
	// answers are given, in turn, instead of the real ones; 0 is a cut connection.
	answers []int
	header  http.Header
	calls   int
	puts    []string
	perPage int
}

func newFake() *fakeAPI {
	return &fakeAPI{perPage: 100, nodes: []map[string]any{
		{"id": 1, "address": "192.168.1.11:80", "label": "web1", "mode": "accept", "status": "UP", "weight": 50},
		{"id": 2, "address": "192.168.1.12:80", "label": "web2", "mode": "drain", "status": "DOWN", "weight": 50},
		{"id": 3, "address": "192.168.1.13:80", "label": "web3", "mode": "accept", "status": "unknown", "weight": 50},
	}}
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if len(f.answers) > 0 {
		status := f.answers[0]
		f.answers = f.answers[1:]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		for key := range f.header {
			w.Header().Set(key, f.header.Get(key))
		}
		fail(w, status)
		return
	}
	if r.Header.Get("Authorization") != "Bearer good" {
		fail(w, http.StatusUnauthorized)
		return
	}
	const list = "/v4/nodebalancers/12/configs/34/nodes"
	switch {
	case r.Method == http.MethodGet && r.URL.Path == list:
		page := 1
		fmt.Sscan(r.URL.Query().Get("page"), &page)
		first := min((page-1)*f.perPage, len(f.nodes))
		last := min(first+f.perPage, len(f.nodes))
		pages := (len(f.nodes) + f.perPage - 1) / f.perPage
		answer(w, map[string]any{"data": f.nodes[first:last], "page": page, "pages": pages, "results": len(f.nodes)})
	case r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, list+"/"):
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			fail(w, http.StatusBadRequest)
			return
		}
		for _, node := range f.nodes {
			if fmt.Sprint(node["id"]) == strings.TrimPrefix(r.URL.Path, list+"/") {
				f.puts = append(f.puts, fmt.Sprint(node["address"], " ", body))
				node["mode"] = body["mode"]
				answer(w, node)
				return
			}
		}
		fail(w, http.StatusNotFound)
	default:
		fail(w, http.StatusNotFound)
	}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"reason": http.StatusText(status)}}})
}

func connect(t *testing.T, fake *fakeAPI, token string) *Client {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	client, err := newClient(Options{Token: token, URL: server.URL + "/v4", UserAgent: "test"}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// balancer is the interface as the web tier has it.
type balancer interface {
	Drain(ctx context.Context, address string) error
	Accept(ctx context.Context, address string) error
	Reject(ctx context.Context, address string) error
	State(ctx context.Context) (map[string]struct{ Mode, Status string }, error)
}

func TestModesAndState(t *testing.T) {
	fake := newFake()
	fake.perPage = 2 // the node in question may be on any page
	var nb balancer = connect(t, fake, "good").NodeBalancer(12, 34)
	ctx := t.Context()

	for _, act := range []func() error{
		func() error { return nb.Drain(ctx, "192.168.1.13:80") },
		func() error { return nb.Accept(ctx, "192.168.1.12:80") },
		func() error { return nb.Accept(ctx, "192.168.1.11:80") }, // has it already
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"192.168.1.13:80 map[mode:drain]", "192.168.1.12:80 map[mode:accept]"}, fake.puts); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
	state, err := nb.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]BackendState{
		"192.168.1.11:80": {Mode: "accept", Status: "UP"},
		"192.168.1.12:80": {Mode: "accept", Status: "DOWN"},
		"192.168.1.13:80": {Mode: "drain", Status: "unknown"},
	}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if err := nb.Reject(ctx, "192.168.1.13:80"); err != nil || fake.puts[len(fake.puts)-1] != "192.168.1.13:80 map[mode:reject]" {
		t.Errorf("rejecting: %v, %v", err, fake.puts)
	}
}

func TestRetriesWhatAskingAgainCanCure(t *testing.T) {
	for name, answers := range map[string][]int{
		"rate limit":       {429, 429},
		"server errors":    {500, 502, 503},
		"lost connections": {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFake()
			fake.answers = answers
			if _, err := connect(t, fake, "good").NodeBalancer(12, 34).State(t.Context()); err != nil {
				t.Fatal(err)
			}
			if fake.calls != len(answers)+1 {
				t.Errorf("asked %d times, want %d", fake.calls, len(answers)+1)
			}
		})
	}
}

func TestRetriesAnUpdateWithItsBody(t *testing.T) {
	fake := newFake()
	nb := connect(t, fake, "good").NodeBalancer(12, 34)
	fake.answers = []int{503}
	if err := nb.SetMode(t.Context(), 1, "drain"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"192.168.1.11:80 map[mode:drain]"}, fake.puts); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
}

func TestRetriesEnd(t *testing.T) {
	fake := newFake()
	fake.answers = []int{500, 500, 500, 500, 500, 500, 500, 500}
	_, err := connect(t, fake, "good").NodeBalancer(12, 34).State(t.Context())
	if err == nil || !strings.Contains(err.Error(), "[500] Internal Server Error") {
		t.Errorf("got %v", err)
	}
	if fake.calls != mostRetries+1 {
		t.Errorf("asked %d times, want %d", fake.calls, mostRetries+1)
	}
}

func TestRetriesHonourTheContext(t *testing.T) {
	fake := newFake()
	fake.answers = []int{429, 429, 429}
	fake.header = http.Header{"Retry-After": {"30"}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := connect(t, fake, "good").NodeBalancer(12, 34).State(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestWrongToken(t *testing.T) {
	fake := newFake()
	_, err := connect(t, fake, "very-secret").NodeBalancer(12, 34).State(t.Context())
	var token *TokenError
	if !errors.As(err, &token) {
		t.Fatalf("got %v, want a TokenError", err)
	}
	if strings.Contains(err.Error(), "very-secret") {
		t.Errorf("the message holds the token: %v", err)
	}
	if fake.calls != 1 {
		t.Errorf("asked %d times; asking again cannot help", fake.calls)
	}
}

func TestMissingObjects(t *testing.T) {
	client := connect(t, newFake(), "good")
	for name, test := range map[string]struct {
		act  func(context.Context) error
		want string
	}{
		"NodeBalancer": {
			func(ctx context.Context) error { return client.NodeBalancer(99, 34).Drain(ctx, "192.168.1.11:80") },
			"NodeBalancer 99, configuration 34",
		},
		"address": {
			func(ctx context.Context) error { return client.NodeBalancer(12, 34).Drain(ctx, "192.168.1.99:80") },
			"node 192.168.1.99:80 of NodeBalancer 12, configuration 34",
		},
		"node": {
			func(ctx context.Context) error { return client.NodeBalancer(12, 34).SetMode(ctx, 77, "drain") },
			"node 77 of NodeBalancer 12, configuration 34",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.act(t.Context())
			var missing *NotFoundError
			if !errors.As(err, &missing) {
				t.Fatalf("got %v, want a NotFoundError", err)
			}
			if missing.Object != test.want {
				t.Errorf("missing %q, want %q", missing.Object, test.want)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	for name, options := range map[string]Options{
		"no token":        {},
		"token with line": {Token: "abc\ndef"},
		"no scheme":       {Token: "t", URL: "api.linode.com/v4"},
		"other scheme":    {Token: "t", URL: "ftp://api.linode.com/v4"},
		"plain http":      {Token: "t", URL: "http://api.linode.com/v4"},
		"not loopback":    {Token: "t", URL: "http://127.0.0.1.example.org/v4"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(options); err == nil {
				t.Error("accepted")
			}
		})
	}
	for _, url := range []string{"http://localhost:4000/v4", "http://127.0.0.1/v4", "http://[::1]:1/v4"} {
		if _, err := New(Options{Token: "t", URL: url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	client, err := New(Options{Token: "t"})
	if err != nil || client.url != defaultURL {
		t.Errorf("default: %v, %v", client, err)
	}
}

func TestTheTokenFollowsNoRedirect(t *testing.T) {
	followed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed = followed || strings.HasPrefix(r.URL.Path, "/elsewhere")
		http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	client, err := newClient(Options{Token: "t", URL: server.URL + "/v4"}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.NodeBalancer(12, 34).State(t.Context()); err == nil || followed {
		t.Errorf("got %v, followed: %t", err, followed)
	}
}

func TestTokenThatMayNotSeeNodeBalancers(t *testing.T) {
	fake := newFake()
	fake.answers = []int{http.StatusForbidden}
	_, err := connect(t, fake, "good").NodeBalancer(12, 34).State(t.Context())
	var token *TokenError
	if !errors.As(err, &token) || token.Status != http.StatusForbidden {
		t.Fatalf("got %v, want a TokenError with 403", err)
	}
}
