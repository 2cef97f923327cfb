package drill

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Report is what is left of a drill.
type Report struct {
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Seed    uint64    `json:"seed"`
	// Site is the URL of the site, and Nodes are its nodes.
	Site  string   `json:"site"`
	Nodes []string `json:"nodes"`
	// Computer says what the lab ran on. Empty for a real site.
	Computer string `json:"computer,omitempty"`
	Runs     []Run  `json:"runs"`
	// Failure is what ended the drill before its time.
	Failure string `json:"failure,omitempty"`
}

// Run is one fault of a drill.
type Run struct {
	Fault   string   `json:"fault"`
	What    string   `json:"what"`
	Undo    string   `json:"undo"`
	Victims []string `json:"victims"`
	// Skipped says why the fault could not be made on this site.
	Skipped string `json:"skipped,omitempty"`

	// Slow is how many times less often than usual clients made attempts. 0 is 1.
	Slow int `json:"slow,omitempty"`

	Started time.Time `json:"started"`
	// The rest are seconds since Started.
	Injected float64 `json:"injected"`
	// Undone is when the fault was undone, or was over.
	Undone  float64 `json:"undone"`
	Healthy float64 `json:"healthy"`
	Ended   float64 `json:"ended"`

	// HealthyBy is "by itself", "by an apply" or "not at all", and HealthySeconds the time
	// from the end of the fault on. Unhealthy is the last reason why it was not.
	HealthyBy      string  `json:"healthy_by"`
	HealthySeconds float64 `json:"healthy_seconds"`
	Unhealthy      string  `json:"unhealthy,omitempty"`

	// Shared is the longest time in seconds in which two nodes had the address.
	Shared float64 `json:"address_on_two_nodes,omitempty"`

	Clients []ClientRun `json:"clients"`
	Nodes   []NodeRun   `json:"node_states"`
	Checks  []Check     `json:"checks"`
	// Lost counts what was acknowledged and is missing anywhere.
	Lost int `json:"lost"`
	// Failure is what kept the drill from making or undoing the fault.
	Failure string `json:"failure,omitempty"`
	// Broken are the promises that were broken.
	Broken []string `json:"broken"`
}

// ClientRun is what one client went through.
type ClientRun struct {
	Client
	// Hit says that the client runs on a machine that the fault hits, so that nothing is
	// promised to it.
	Hit      bool `json:"hit"`
	Attempts int  `json:"attempts"`
	Failed   int  `json:"failed"`
	// FailedBefore is how many of them failed before the fault was made.
	FailedBefore int     `json:"failed_before,omitempty"`
	LongestGap   float64 `json:"longest_gap"`
	// OK and Bad are how many attempts ended well and badly in each second.
	OK  []int `json:"ok_by_second"`
	Bad []int `json:"failed_by_second"`
	// Failures are the first failures.
	Failures []string `json:"failures,omitempty"`
}

// NodeRun is how a node was.
type NodeRun struct {
	Node  string `json:"node"`
	Spans []Span `json:"spans"`
}

// Check is something that was looked at after a fault.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	lost   int
}

// Kept reports whether all promises were kept.
func (r Run) Kept() bool { return len(r.Broken) == 0 }

// Kept reports whether all promises of all faults were kept, and the drill was led to its
// end.
func (r Report) Kept() bool {
	if r.Failure != "" {
		return false
	}
	for _, run := range r.Runs {
		if !run.Kept() {
			return false
		}
	}
	return true
}

// Lost counts what was lost in all.
func (r Report) Lost() int {
	lost := 0
	for _, run := range r.Runs {
		lost += run.Lost
	}
	return lost
}

// Worst returns what a client of a group met at most that no fault hit, and whether there
// was such a client.
func (r Run) Worst(group Group) (gap time.Duration, failed int, found bool) {
	for _, client := range r.Clients {
		if client.Kind.Group() != group || client.Hit {
			continue
		}
		found = true
		gap = max(gap, duration(client.LongestGap))
		failed = max(failed, client.Failed)
	}
	return gap, failed, found
}

// The names of the files of a report.
const (
	jsonName = "report.json"
	pageName = "report.html"
)

// Write writes report.json and report.html into a folder.
func (r Report) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	content, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	page, err := r.page()
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	for name, content := range map[string][]byte{jsonName: append(content, '\n'), pageName: page} {
		file := filepath.Join(folder, name)
		// Renamed into place, because somebody may be reading it while the drill goes on.
		if err := os.WriteFile(file+".new", content, 0o644); err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
	}
	return nil
}

// Read reads report.json.
func Read(file string) (Report, error) {
	var r Report
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err != nil {
		return Report{}, fmt.Errorf("cannot read the report %s: %w", file, err)
	}
	return r, nil
}
