package drill

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Measured is what the documentation keeps of a report.
type Measured struct {
	// Date is the day of the drill. Empty where none was led yet.
	Date     string `json:"date"`
	Computer string `json:"computer"`
	Seed     uint64 `json:"seed"`
	// Slow is how many times less often than usual clients made attempts. 0 is 1.
	Slow int `json:"slow,omitempty"`
	// Faults are what was measured, by the names of the faults.
	Faults map[string]MeasuredFault `json:"faults"`
}

// MeasuredFault is what was measured of a fault; of several runs the worst.
type MeasuredFault struct {
	// Groups are the longest gaps, in seconds, and the failed attempts.
	Groups map[Group]MeasuredGroup `json:"groups"`
	// Healthy are the seconds until the site was healthy, and Never says that it was not.
	Healthy float64 `json:"healthy"`
	Never   bool    `json:"never,omitempty"`
	// Broken says which promises were broken.
	Broken []string `json:"broken,omitempty"`
	// Apply says that it took an apply.
	Apply bool `json:"apply,omitempty"`
	Lost  int  `json:"lost"`
	// Shared is how many seconds two nodes had the address.
	Shared float64 `json:"address_on_two_nodes,omitempty"`
}

// MeasuredGroup is what the clients of a group met.
type MeasuredGroup struct {
	Gap    float64 `json:"gap"`
	Failed int     `json:"failed"`
}

// Measured sums a report up for the documentation. What was not possible is left out.
func (r Report) Measured() Measured {
	m := Measured{Date: r.Started.UTC().Format(time.DateOnly), Computer: r.Computer, Seed: r.Seed, Faults: map[string]MeasuredFault{}}
	for _, run := range r.Runs {
		if run.Skipped != "" || len(run.Clients) == 0 {
			continue
		}
		m.Slow = run.Slow
		fault, found := m.Faults[run.Fault]
		if !found {
			fault.Groups = map[Group]MeasuredGroup{}
		}
		for _, group := range Groups() {
			if gap, failed, found := run.Worst(group); found {
				fault.Groups[group] = MeasuredGroup{max(fault.Groups[group].Gap, rounded(gap.Seconds())), max(fault.Groups[group].Failed, failed)}
			}
		}
		fault.Healthy = max(fault.Healthy, rounded(run.HealthySeconds))
		fault.Apply = fault.Apply || run.HealthyBy == byApply
		fault.Never = fault.Never || run.HealthyBy == never
		fault.Broken = append(fault.Broken, run.Broken...)
		fault.Lost += run.Lost
		fault.Shared = max(fault.Shared, rounded(run.Shared))
		m.Faults[run.Fault] = fault
	}
	return m
}

// Table returns the promises of all faults with what was measured, in Markdown. The promises
// are those for the traffic that was measured.
func Table(m Measured) string {
	var out strings.Builder
	out.WriteString("| fault | pages | logins, posts, uploads | rows | rows, one connection | files | healthy | lost |\n|---|---|---|---|---|---|---|---|\n")
	for _, fault := range Faults() {
		measured, found := m.Faults[fault.Name]
		fmt.Fprintf(&out, "| `%s`: %s |", fault.Name, fault.What)
		for _, group := range Groups() {
			fmt.Fprintf(&out, " %s |", cell(fault.Promise.Limits[group].slower(m.Slow, group.every()), measured.Groups, group))
		}
		fmt.Fprintf(&out, " %s |", healthyCell(fault.Promise, measured, found))
		lost := "0 promised"
		if found {
			lost = fmt.Sprint(measured.Lost)
		}
		lost += sharedCell(fault.Promise, measured, found)
		if len(measured.Broken) > 0 {
			lost += ", **promise broken**"
		}
		fmt.Fprintf(&out, " %s |\n", lost)
	}
	return out.String()
}

// cell has what was measured, and in parentheses what is promised.
func cell(promised Limit, measured map[Group]MeasuredGroup, group Group) string {
	limit := "no promise"
	if promised.Promised() {
		limit = fmt.Sprintf("%s s, %d failed", strconv.FormatFloat(promised.Gap.Seconds(), 'f', -1, 64), promised.Failed)
	}
	found, ok := measured[group]
	if !ok {
		return "(" + limit + ")"
	}
	return fmt.Sprintf("%.1f s, %d failed (%s)", found.Gap, found.Failed, limit)
}

// sharedCell says how long two nodes had the address, and how long they may where that is longer
// than usual.
func sharedCell(promise Promise, measured MeasuredFault, found bool) string {
	if promise.Shared == 0 && measured.Shared == 0 {
		return ""
	}
	said := "; the address on two nodes"
	if found {
		said += fmt.Sprintf(" %.1f s", measured.Shared)
	}
	return said + fmt.Sprintf(" (%.0f s)", cmp.Or(promise.Shared, givingAway).Seconds())
}

func healthyCell(promise Promise, measured MeasuredFault, found bool) string {
	limit := fmt.Sprintf("%.0f s", promise.Health.Seconds())
	if promise.Apply {
		limit = "may need an apply"
	}
	if !found {
		return "(" + limit + ")"
	}
	if measured.Never {
		return "not healthy (" + limit + ")"
	}
	by := ""
	if measured.Apply {
		by = " by an apply"
	}
	return fmt.Sprintf("%.0f s%s (%s)", measured.Healthy, by, limit)
}
