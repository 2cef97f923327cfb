package sitetest

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/drill"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestDrillSecondDay leads a site through a short drill, as "make drill" does, with a
// fault of each kind: one that ends by itself, one that is undone, and a change.
func TestDrillSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	s := start(t)
	s.lead(t, []part{{"create", s.create}, {"drill", s.drill}})
}

func (s *site) drill(t *testing.T) {
	faults, err := drill.Choose([]string{"kill-mariadbd", "poweroff-web", "rolling-change"})
	must(t, err)
	folder := t.ArtifactDir()
	led, err := drill.OfDemo(t.Context(), s.Demo, drill.Settings{Faults: faults, Seed: 1, Report: folder, Progress: t.Output()})
	must(t, err)
	report, err := led.Run(t.Context())
	must(t, err)
	if !report.Kept() || report.Lost() > 0 || len(report.Runs) != len(faults)+1 {
		t.Errorf("a promise was broken, %d are lost; the report is in %s", report.Lost(), folder)
	}
	if left := s.sh(t, "web1", `find "$1" -maxdepth 1 -name '.terraform-ha-drill*'; ls "$1/wp-content/uploads" | grep drill || true`, documentRoot); left != "" {
		t.Errorf("the drill has left %s", left)
	}
	if left, err := s.sql(t.Context(), "db1", "SELECT COUNT(*) FROM wordpress.wp_posts WHERE post_title LIKE 'terraform-ha%'"); err != nil || left != "0" {
		t.Errorf("the drill has left %s posts: %v", left, err)
	}
	s.wantWhole(t)
	s.wantEmpty(t, "after the drill")
}
