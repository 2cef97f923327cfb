package drill

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed report.html.tmpl
var pageTemplate string

// page renders the report as one page that needs nothing else.
func (r Report) page() ([]byte, error) {
	parsed, err := template.New("report").Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, r.view())
	return out.Bytes(), err
}

// pageView is what the page shows.
type pageView struct {
	Title, When, Site, Computer, Failure string
	Seed                                 uint64
	Kept                                 bool
	Faults, BrokenRuns, Skipped, Lost    int
	Groups                               []string
	Rows                                 []rowView
	Sections                             []sectionView
}

// rowView is a line of the table of all faults.
type rowView struct {
	Anchor, Name, Victims, Healthy, Verdict string
	Cells                                   []cellView
	Lost                                    int
	Class                                   string
}

type cellView struct{ Gap, Failed string }

// sectionView is one fault.
type sectionView struct {
	Anchor, Name, What, Undo, When, Victims, Healthy, Skipped, Verdict, Class, Shared string
	Broken                                                                            []string
	Checks                                                                            []Check
	Failures                                                                          []string
	Timeline                                                                          *timeline
}

func (r Report) view() pageView {
	view := pageView{
		Title: "Drill of " + r.Site, Site: r.Site, Seed: r.Seed, Kept: r.Kept(), Lost: r.Lost(), Computer: r.Computer, Failure: r.Failure,
		When: r.Started.UTC().Format("2 January 2006, 15:04:05") + " to " + r.Ended.UTC().Format("15:04:05 UTC"),
	}
	if r.Ended.IsZero() {
		view.When = r.Started.UTC().Format("2 January 2006, 15:04:05 UTC") + "; it goes on"
	}
	for _, group := range Groups() {
		view.Groups = append(view.Groups, string(group))
	}
	for i, run := range r.Runs {
		anchor := fmt.Sprintf("run-%d", i+1)
		view.Faults++
		switch {
		case run.Skipped != "":
			view.Skipped++
		case !run.Kept():
			view.BrokenRuns++
		}
		view.Rows = append(view.Rows, run.row(anchor))
		view.Sections = append(view.Sections, run.section(anchor))
	}
	return view
}

func (r Run) verdict() (text, class string) {
	switch {
	case r.Skipped != "":
		return "not possible here", "skipped"
	case r.Kept():
		return "kept", "kept"
	}
	return "broken", "broken"
}

func (r Run) victims() string {
	switch count := len(r.Victims); {
	case count == 0:
		return "–"
	case count > 3:
		return fmt.Sprintf("%d nodes", count)
	}
	return strings.Join(r.Victims, ", ")
}

// recovery says how and when the site became whole.
func (r Run) recovery() string {
	switch {
	case len(r.Clients) == 0:
		return "–"
	case r.HealthyBy == never:
		return never
	}
	return fmt.Sprintf("%.0f s %s", r.HealthySeconds, r.HealthyBy)
}

func (r Run) row(anchor string) rowView {
	row := rowView{Anchor: anchor, Name: r.Fault, Victims: r.victims(), Lost: r.Lost, Healthy: r.recovery()}
	row.Verdict, row.Class = r.verdict()
	for _, group := range Groups() {
		cell := cellView{"–", ""}
		if gap, failed, found := r.Worst(group); found {
			cell.Gap = fmt.Sprintf("%.1f s", gap.Seconds())
			if failed > 0 {
				cell.Failed = fmt.Sprintf("%d failed", failed)
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

func (r Run) section(anchor string) sectionView {
	section := sectionView{
		Anchor: anchor, Name: r.Fault, What: capital(r.What), Undo: r.Undo, When: r.Started.UTC().Format(time.TimeOnly), Victims: r.victims(),
		Healthy: r.recovery(), Skipped: r.Skipped, Broken: r.Broken, Checks: r.Checks,
	}
	section.Verdict, section.Class = r.verdict()
	if r.Shared > 0 {
		section.Shared = fmt.Sprintf("%.1f s", r.Shared)
	}
	for _, client := range r.Clients {
		for _, failure := range client.Failures {
			section.Failures = append(section.Failures, client.String()+", "+failure)
		}
	}
	if len(r.Clients) > 0 {
		section.Timeline = r.timeline()
	}
	return section
}

// capital begins a sentence.
func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
