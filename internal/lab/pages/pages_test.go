package pages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/pages"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// servers are web servers and the NodeBalancer before them. They have the copy once it is
// on all of them.
type servers struct {
	mu    sync.Mutex
	with  []string
	fails string
	// slow is how much longer a page of the volume takes.
	slow time.Duration
}

func (s *servers) Exec(_ context.Context, node string, argv []string, _ io.Reader, _ io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	label, _, _ := strings.Cut(argv[2], "\n")
	switch {
	case label == ": pages-place" && node == s.fails:
		s.with = append(s.with, node) // half of it
		return errors.New("the disk is full")
	case label == ": pages-place":
		s.with = append(s.with, node)
	case label == ": pages-remove":
		s.with = slices.DeleteFunc(s.with, func(other string) bool { return other == node })
	default:
		return fmt.Errorf("unknown script %s", label)
	}
	return nil
}

func (s *servers) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	s.mu.Lock()
	local := strings.HasPrefix(request.Host, "pages.invalid") && len(s.with) == 3
	slow := s.slow
	s.mu.Unlock()
	if local {
		answer.Header().Set("X-Files", "local")
	} else {
		timer := time.NewTimer(slow)
		defer timer.Stop()
		<-timer.C
	}
	fmt.Fprint(answer, "<html></html>")
}

func siteOf(t *testing.T, s *servers) website.Site {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return website.Site{Machines: s, URL: server.URL, DocumentRoot: "/srv/www/site",
		Nodes: map[website.Tier][]string{website.Web: {"web1", "web2", "web3"}}}
}

func settings(progress io.Writer) pages.Settings {
	return pages.Settings{Path: "/", Clients: 2, Round: 50 * time.Millisecond, Rounds: 2, Progress: progress}
}

func TestCompare(t *testing.T) {
	s := &servers{slow: 5 * time.Millisecond}
	var said strings.Builder
	found, err := pages.Compare(t.Context(), siteOf(t, s), settings(&said))
	if err != nil {
		t.Fatal(err)
	}
	if found.Volume.Failed+found.Local.Failed > 0 || found.Volume.Within(50) < s.slow || found.Volume.PerSecond() <= 0 || found.Local.PerSecond() <= 0 {
		t.Errorf("%+v", found)
	}
	if len(s.with) > 0 {
		t.Errorf("the copy is left on %v", s.with)
	}
	if strings.Count(said.String(), "\n") != 4 {
		t.Errorf("said %s", &said)
	}
	var table strings.Builder
	if err := found.Print(&table); err != nil || !strings.Contains(table.String(), "local disk") || !strings.Contains(table.String(), "ratio") {
		t.Errorf("%v: %s", err, &table)
	}
}

// TestTheCopyIsTakenAway also where it could not be made everywhere, and where it does not
// serve.
func TestTheCopyIsTakenAway(t *testing.T) {
	for name, test := range map[string]struct {
		fails string
		nodes int
		want  string
	}{
		"a full disk":            {"web2", 3, "cannot serve a copy of the site from local disks: on web2: the disk is full"},
		"pages of the other one": {"", 2, "/ is of the other files"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &servers{fails: test.fails}
			site := siteOf(t, s)
			site.Nodes[website.Web] = site.Nodes[website.Web][:test.nodes]
			if _, err := pages.Compare(t.Context(), site, settings(io.Discard)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
			if len(s.with) > 0 {
				t.Errorf("the copy is left on %v", s.with)
			}
		})
	}
}

func TestWithin(t *testing.T) {
	var m pages.Measured
	if m.Within(99) != 0 || m.PerSecond() != 0 {
		t.Error("nothing took a time")
	}
	for i := range 100 {
		m.Times = append(m.Times, time.Duration(i))
	}
	m.Over = 10 * time.Second
	if m.Within(50) != 50 || m.Within(99) != 99 || m.Within(100) != 99 || m.PerSecond() != 10 {
		t.Errorf("%d, %d, %d, %f", m.Within(50), m.Within(99), m.Within(100), m.PerSecond())
	}
}
