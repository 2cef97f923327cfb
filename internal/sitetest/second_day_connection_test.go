package sitetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// connectionLost changes the nodes of a tier, and has the computer that runs Terraform lose all
// of its machines at a moment: when a step begins. Nobody else loses anything. The connection
// is back when the apply has given up, or after three minutes, in which every connection has
// ended. Whatever became of the apply, the next one has everything as declared.
func (s *site) connectionLost(of tier, to redeclare, moment string) func(t *testing.T) {
	return func(t *testing.T) {
		what := fmt.Sprintf("%s, the connection lost at %q", of, moment)
		s.change(t, what, of, to(s, of), func(t *testing.T, what string) {
			t.Helper()
			r, end := s.startUntil(t, moment)
			t.Cleanup(func() { must(t, s.hardware.Heal(context.WithoutCancel(t.Context()))) })
			must(t, s.hardware.Partition(t.Context(), machine.Partition{Side: s.machinesOf(t, of), LabAlone: true}))
			lost := time.Now()
			select {
			case <-r.read:
				took(t, "until the apply gave up", lost)
			case <-time.After(3 * time.Minute):
				t.Log("the apply waits for the machines")
			}
			must(t, s.hardware.Heal(t.Context()))
			t.Logf("the apply ended with: %v", end(20*time.Minute))
			s.plan(t)
			s.apply(t, what)
		})
	}
}

// machinesOf are the machines of a tier, with those that others replace.
func (s *site) machinesOf(t *testing.T, of tier) []int {
	t.Helper()
	found, err := machine.List(t.Context(), s.Docker, s.Folder.Name)
	must(t, err)
	var numbers []int
	for _, each := range found {
		if each.Kind == "machine" && strings.HasPrefix(website.NodeOf(each.Label), string(of)) {
			number, err := strconv.Atoi(each.ID)
			must(t, err)
			numbers = append(numbers, number)
		}
	}
	return numbers
}
