package drill

import (
	"fmt"
	"strings"
	"time"
)

// say prints a line for a fault, and below it the promises that it has broken.
func (d *Drill) say(number int, run Run) {
	of := ""
	if d.Time == 0 && number <= len(d.Faults) {
		of = fmt.Sprintf("%d/%d ", number, len(d.Faults))
	}
	fmt.Fprintf(d.Progress, "%s %s%s\n", time.Now().Format("15:04:05"), of, run.line())
	for _, broken := range run.Broken {
		fmt.Fprintf(d.Progress, "         broken: %s\n", broken)
	}
}

// line sums a run up.
func (r Run) line() string {
	name := r.Fault
	if len(r.Victims) > 0 && len(r.Victims) <= 3 {
		name += " " + strings.Join(r.Victims, ",")
	}
	if r.Skipped != "" {
		return name + ": not possible here: " + r.Skipped
	}
	var parts []string
	for _, group := range Groups() {
		if gap, failed, found := r.Worst(group); found {
			parts = append(parts, fmt.Sprintf("%s %.1f s (%d failed)", short(group), gap.Seconds(), failed))
		}
	}
	if len(r.Clients) > 0 {
		parts = append(parts, fmt.Sprintf("healthy %s after %.0fs", r.HealthyBy, r.HealthySeconds))
	}
	if r.Shared > 0 {
		parts = append(parts, fmt.Sprintf("address on two nodes for %.1f s", r.Shared))
	}
	verdict := "kept"
	if !r.Kept() {
		verdict = "BROKEN"
	}
	return fmt.Sprintf("%s: %s; lost %d: %s", name, strings.Join(parts, ", "), r.Lost, verdict)
}

// short names a group in a line.
func short(group Group) string {
	if group == GroupAuthors {
		return "logins and posts"
	}
	return string(group)
}
