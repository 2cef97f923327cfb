package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/drill"
)

// TestDrillOfASiteByURL leads a drill of a site that answers, and of one of which a page
// fails: that breaks a promise, and the exit status says so.
func TestDrillOfASiteByURL(t *testing.T) {
	t.Setenv("LAB_STATE", t.TempDir())
	t.Setenv("LAB_NAME", "")
	for _, test := range []struct {
		name   string
		failed int64
		want   int
	}{{"a site that answers", 0, 0}, {"a site of which a page fails", 16, 1}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var pages atomic.Int64
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if pages.Add(1) == test.failed {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			}))
			defer site.Close()
			folder := t.TempDir()
			if got := run(t.Context(), []string{"drill", "site", "-time", "2s", "-report", folder, site.URL}); got != test.want {
				t.Errorf("the exit status is %d, want %d", got, test.want)
			}
			report, err := drill.Read(filepath.Join(folder, "report.json"))
			if err != nil || report.Kept() != (test.want == 0) || len(report.Runs) != 2 || report.Runs[0].Fault != "steady" {
				t.Errorf("%+v, %v", report, err)
			}
			page, err := os.ReadFile(filepath.Join(folder, "report.html"))
			if err != nil || !strings.Contains(string(page), site.URL) {
				t.Errorf("the page does not name the site: %v", err)
			}
		})
	}
}

func TestDrillRefusesHostsThatAreNoNames(t *testing.T) {
	t.Setenv("LAB_STATE", t.TempDir())
	t.Setenv("LAB_NAME", "")
	if got := run(t.Context(), []string{"drill", "site", "-web", "web1';", "http://127.0.0.1"}); got != 1 {
		t.Errorf("the exit status is %d, want 1", got)
	}
}
