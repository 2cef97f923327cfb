package provider_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// frozen is an attribute that cannot change, and another value for it.
type frozen struct{ attribute, from, to string }

// without takes a node out of a configuration.
func without(node string) func(string) string {
	return func(config string) string {
		return regexp.MustCompile(`(?m)^ *`+node+` = .*\n`).ReplaceAllString(config, "")
	}
}

// moved gives node n2 another address.
func moved(config string) string {
	return regexp.MustCompile(`(n2 = \{.*address = ")[0-9.]*`).ReplaceAllString(config, "${1}10.0.0.77")
}

// with appends to the body of the resource.
func with(attribute string) func(string) string {
	return func(config string) string {
		return strings.TrimRight(strings.TrimRight(config, "\n"), "}") + attribute + "\n}\n"
	}
}

// replaced is a configuration with another text in the place of one.
func replaced(from, to string) func(string) string {
	return func(config string) string { return strings.Replace(config, from, to, 1) }
}

// rekeyed takes a node out and puts another one in its place, where a cluster of
// one node less would be refused for its size.
func rekeyed(node, other string) func(string) string {
	return func(config string) string {
		return strings.Replace(config, node+" = {", other+" = {", 1)
	}
}

// refusals proves that plans which are refused change no machine: they ask of it
// what a refresh asks, and nothing more.
type refusals struct {
	fleet *fleet
	// refresh is what a refresh asks.
	refresh map[string]bool
	since   traffic
}

// learn is a check after a refresh; since is when that began. By then the fleet
// has seen a cluster being made, and a comparison that finds nothing in that would
// find nothing anywhere.
func (r *refusals) learn(since *traffic) plancheck.PlanCheck {
	return planCheck(func(plancheck.CheckPlanRequest) error {
		r.refresh = r.fleet.asked(*since)
		if len(r.refresh) == 0 || len(r.changes(traffic{})) == 0 {
			return fmt.Errorf("a refresh asked %d things, and creating the cluster %d others", len(r.refresh), len(r.changes(traffic{})))
		}
		return nil
	})
}

// changes returns the command lines since then that no refresh sends.
func (r *refusals) changes(since traffic) []string {
	asked := r.fleet.asked(since)
	maps.DeleteFunc(asked, func(line string, _ bool) bool { return r.refresh[line] })
	return slices.Sorted(maps.Keys(asked))
}

// steps plan what cannot be done in place.
func (r *refusals) steps(s subject, config string) []resource.TestStep {
	frozen := strings.Replace(config, s.frozen.from, s.frozen.to, 1)
	note := func() { r.since = r.fleet.traffic() }
	steps := []resource.TestStep{
		{
			PreConfig: note,
			Config:    frozen,
			ExpectError: loose(fmt.Sprintf(`(?s)pre-apply plan.*Change Not Possible In Place.*%s is "%s" and cannot become "%s"`,
				s.frozen.attribute, s.frozen.from, s.frozen.to)),
		},
	}
	if s.out != nil {
		steps = append(steps, resource.TestStep{
			Config:      s.out(config),
			ExpectError: loose(`(?s)pre-apply plan.*Change Not Possible In Place.*cannot take node "n3" out of a running cluster`),
		})
	}
	for want, change := range s.refused {
		steps = append(steps, resource.TestStep{Config: change(config), ExpectError: loose("(?s)pre-apply plan.*Change Not Possible In Place.*" + want)})
	}
	return steps
}

// verify looks back at the plans of steps.
func (r *refusals) verify(t *testing.T) {
	t.Helper()
	if changes := r.changes(r.since); len(changes) > 0 || len(r.fleet.asked(r.since)) == 0 {
		t.Errorf("of %d things that refused plans asked, these are not from a refresh: %q", len(r.fleet.asked(r.since)), changes)
	}
}
