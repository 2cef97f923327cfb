package drill

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// ofThisDrill is a report with what a page has to cope with: long and short runs, failures
// that look like markup, a fault that was skipped and one that broke its promises.
func ofThisDrill(t *testing.T) Report {
	t.Helper()
	report := Report{Started: at(0), Ended: at(900), Seed: 7, Site: "http://172.29.3.9", Computer: "The lab on 2 processors, load 3.10 at the begin"}
	kinds := []Client{{Kind: Pages}, {Kind: Logins}, {Kind: Posts}, {Kind: Uploads}, {RowsKept, "web1"}, {RowsKept, "web2"}, {RowsNew, "web1"}, {RowsNew, "web2"}, {FilesKind, "web1"}, {FilesKind, "web2"}}
	site := newSimulation().site()
	report.Nodes = site.All()
	for i, fault := range Faults()[:6] {
		run := Run{
			Fault: fault.Name, What: fault.What, Undo: fault.Undo, Started: at(float64(150 * i)), Victims: []string{"db1"},
			Injected: 8, Undone: 8 + fault.Hold.Seconds(), HealthyBy: byItself,
		}
		run.Healthy = run.Undone + 6.5
		run.HealthySeconds, run.Ended = run.Healthy-run.Undone, run.Healthy+5+float64(60*i)
		if i == 3 {
			run.Victims = []string{"web2"}
			run.HealthyBy, run.Unhealthy = byApply, "web2's health is 503"
		}
		for place, client := range kinds {
			run.Clients = append(run.Clients, clientRun(run, client, place))
		}
		for _, node := range report.Nodes {
			spans := []Span{{0, run.Injected, "good", "synced"}, {run.Injected, run.Ended, "good", "synced"}}
			switch node {
			case run.Victims[0]:
				spans = []Span{{0, 8, "good", "synced, " + holdsAddress}, {8, 8 + fault.Hold.Seconds() + 1, "silent", "nothing is heard"}, {9 + fault.Hold.Seconds(), run.Healthy, "bad", "no answer"}, {run.Healthy, run.Ended, "good", "synced"}}
			case "db2":
				spans[1].Word += ", " + holdsAddress
			}
			run.Nodes = append(run.Nodes, NodeRun{node, spans})
		}
		run.Checks = []Check{{Name: "rows on db1", OK: true, Detail: "all 412"}, {Name: "files on web2", OK: i != 4, Detail: "all 90"}, {Name: "plan", OK: true, Detail: "empty"}}
		run.Broken = fault.Promise.broken(run)
		report.Runs = append(report.Runs, run)
	}
	report.Runs = append(report.Runs, Run{Fault: "disk-full-database", What: "the disk is full", Undo: "the file is removed", Started: at(890), Skipped: "/var/lib/mysql of db3 has no disk of its own"})
	return report
}

func clientRun(run Run, client Client, place int) ClientRun {
	c := ClientRun{Client: client, Hit: client.Node == run.Victims[0], OK: make([]int, int(run.Ended)+1), Bad: make([]int, int(run.Ended)+1)}
	for second := range c.OK {
		away := float64(second) >= run.Injected && float64(second) < run.Injected+2+float64(place%5)
		switch {
		case away && place%3 != 2:
			c.Bad[second] = 1 + place%4
		case !away:
			c.OK[second] = 3 + (second+place)%2
		}
		c.Attempts += c.OK[second] + c.Bad[second]
		c.Failed += c.Bad[second]
	}
	c.LongestGap = 2.25 + float64(place%5)
	if c.Failed > 0 {
		c.Failures = []string{"9.2 s: <script>alert('" + strings.Repeat("long", 30) + "')</script> & more"}
	}
	return c
}

// TestPage compares the page with a golden file. LOOK=FOLDER leaves it there, to be looked
// at in a browser.
func TestPage(t *testing.T) {
	report := ofThisDrill(t)
	if folder := os.Getenv("LOOK"); folder != "" {
		if err := report.Write(folder); err != nil {
			t.Fatal(err)
		}
	}
	// One whole run is enough to read; the others repeat it.
	report.Runs = append(report.Runs[:1], report.Runs[len(report.Runs)-1])
	page, err := report.page()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "report.html")
	if *update {
		if err := os.WriteFile(golden, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(page)); diff != "" {
		t.Errorf("(-want +got), -update writes it\n%s", diff)
	}
}

// TestThePageNeedsNothingElse holds for a page that is sent to somebody as a file.
func TestThePageNeedsNothingElse(t *testing.T) {
	page, err := ofThisDrill(t).page()
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`(?i)<(script|link|img|iframe|object)|@import|url\(|(src|href)="[^#]`).FindAllString(string(page), -1); len(found) > 0 {
		t.Errorf("the page has %q", found)
	}
	if !strings.Contains(string(page), "&lt;script&gt;") {
		t.Error("what a failure said is not in the page as text")
	}
}

// TestReportIsReadAgain writes the report of a drill and reads it.
func TestReportIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	want := ofThisDrill(t)
	if err := want.Write(folder); err != nil {
		t.Fatal(err)
	}
	got, err := Read(filepath.Join(folder, jsonName))
	if err != nil || got.Kept() || got.Lost() != want.Lost() || len(got.Runs) != len(want.Runs) {
		t.Errorf("%v, kept %t, %d runs", err, got.Kept(), len(got.Runs))
	}
	if diff := cmp.Diff(want.Measured(), got.Measured()); diff != "" {
		t.Errorf("what is measured (-want +got)\n%s", diff)
	}
}

// TestMarksDoNotOverlap looks at the times above the timelines of a short and a long run.
func TestMarksDoNotOverlap(t *testing.T) {
	for _, hold := range []float64{0, 0.5, 10, 25, 200} {
		for _, recovery := range []float64{0, 3, 150} {
			run := Run{Injected: 8, Undone: 8 + hold, Healthy: 8 + hold + recovery, Ended: 13 + hold + recovery, HealthyBy: byItself}
			drawn := run.timeline()
			var boxes []string
			for i, one := range drawn.Marks {
				for _, other := range drawn.Marks[:i] {
					if one.Y == other.Y && one.left() < other.left()+textWidth(other.Text) && other.left() < one.left()+textWidth(one.Text) {
						boxes = append(boxes, fmt.Sprint(one, other))
					}
				}
				if one.left() < 0 || one.left()+textWidth(one.Text) > drawingWidth {
					boxes = append(boxes, fmt.Sprint(one, " is cut off"))
				}
			}
			if len(boxes) > 0 {
				t.Errorf("fault of %.1f s, well after %.1f s: %v", hold, recovery, boxes)
			}
		}
	}
}

// textWidth is how wide a text of a timeline is at most.
func textWidth(text string) float64 { return 7.5 * float64(len(text)) }

func (m mark) left() float64 {
	switch m.Anchor {
	case "end":
		return m.X - textWidth(m.Text)
	case "middle":
		return m.X - textWidth(m.Text)/2
	}
	return m.X
}

func TestTable(t *testing.T) {
	measured := ofThisDrill(t).Measured()
	table := Table(measured)
	if got, want := strings.Count(table, "\n"), len(Faults())+2; got != want {
		t.Errorf("the table has %d lines, want %d", got, want)
	}
	for _, want := range []string{
		"| `kill-mariadbd`: kill -9 of mariadbd on the database with the address | 2.3 s, 2 failed (5 s, 20 failed) |",
		"| `unmount`: the volume is unmounted on a web server | (5 s, 30 failed) | (20 s, 5 failed) | (3 s, 0 failed) | (3 s, 0 failed) | (3 s, 0 failed) | (120 s) | 0 promised |",
		" 6 s by an apply (60 s) | 0, **promise broken** |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not have\n%s\n%s", want, table)
		}
	}
}

// TestLines shows what is printed while a drill goes on.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := newSimulation()
		s.forgets = true
		d := led(t, s, "poweroff-holder", "disk-full-database")
		d.Progress = &out
		if _, err := d.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"/2 poweroff-holder db1: rows 3.2 s (30 failed), healthy by itself after 0s; lost 1: BROKEN\n",
			"\n         broken: rows on db1: 1 of ", "/2 disk-full-database db2: not possible here: ",
		} {
			if !strings.Contains(strings.ReplaceAll(out.String(), "database db3", "database db2"), want) {
				t.Errorf("%q is not in\n%s", want, &out)
			}
		}
	})
}
