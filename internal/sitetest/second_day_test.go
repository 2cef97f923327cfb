package sitetest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestSecondDay grows, shrinks and replaces the tiers of a site, one change after the
// other, while visitors have rows and files written. It takes long: see CONTRIBUTING.
func TestSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	s := start(t)
	s.lead(t, []part{
		{"create", s.create},
		{"moreWebServers", s.resize(web, 5)},
		{"fewerWebServers", s.resize(web, 3)},
		{"replaceWebServer", s.renew(web, "web2")},
		{"moreDatabases", s.resize(database, 5)},
		{"fewerDatabases", s.resize(database, 3)},
		{"replaceDatabase", s.renew(database, "db2")},
		{"moreFileServers", s.resize(files, 6)},
		{"fewerFileServers", s.resize(files, 3)},
		{"replaceFileServer", s.renew(files, "files2")},
		{"allWebServers", s.renew(web, "web1", "web2", "web3")},
		{"allDatabases", s.renew(database, "db1", "db2", "db3")},
	})
}

// resize gives a tier more nodes, or takes the last ones away. The others stay what they
// are.
func (s *site) resize(of tier, count int) func(t *testing.T) {
	return func(t *testing.T) {
		nodes := of.firstGenerations(count)
		for name := range nodes {
			nodes[name] = max(nodes[name], s.tiers[of][name])
		}
		s.change(t, string(of)+": "+strconv.Itoa(len(s.tiers[of]))+" to "+strconv.Itoa(count)+" nodes", of, nodes)
	}
}

// renew gives nodes other machines, all in one apply.
func (s *site) renew(of tier, names ...string) func(t *testing.T) {
	return func(t *testing.T) {
		before := s.machines
		nodes := maps.Clone(s.tiers[of])
		for _, name := range names {
			nodes[name]++
		}
		s.change(t, "another machine for "+strings.Join(names, ", "), of, nodes)
		for _, name := range names {
			if s.machines[name] == before[name] {
				t.Errorf("%s is still machine %d", name, before[name])
			}
		}
	}
}

// nodes are those of all tiers.
func (s *site) nodes() []string {
	return slices.Concat(s.fileServers(), s.databases(), s.webServers())
}

// change applies other nodes of a tier while visitors come. No page may fail, and nothing
// that one of them said is kept may be lost.
func (s *site) change(t *testing.T, what string, of tier, nodes map[string]int) {
	t.Helper()
	staying := maps.Clone(s.machines)
	for name, generation := range s.tiers[of] {
		if nodes[name] != generation {
			delete(staying, name)
		}
	}
	probe := s.startProbe(t)
	s.declare(t, of, nodes)
	s.apply(t, "apply of "+what)
	if longest := probe.report(t, s, "while "+what); longest > 5*time.Second || probe.failed > 0 {
		t.Errorf("the site was away for %s, %d pages failed", longest, probe.failed)
	}
	s.find(t)
	for name, machine := range staying {
		if s.machines[name] != machine {
			t.Errorf("%s was machine %d, and is machine %d", name, machine, s.machines[name])
		}
	}
	for name := range s.machines {
		if !slices.Contains(s.nodes(), name) {
			t.Errorf("the machine of %s is still there", name)
		}
	}
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after "+what)
}

// declare gives a tier nodes by their names, with their generations. The number at the
// end of a name is its slot.
func (s *site) declare(t *testing.T, of tier, nodes map[string]int) {
	t.Helper()
	type node struct {
		Slot       int `json:"slot"`
		Generation int `json:"generation"`
	}
	declared := map[string]node{}
	for name, generation := range nodes {
		slot, err := strconv.Atoi(strings.TrimPrefix(name, string(of)))
		must(t, err)
		declared[name] = node{Slot: slot, Generation: generation}
	}
	value, err := json.Marshal(declared)
	must(t, err)
	s.variables[of.variable()] = string(value)
	s.tiers[of] = maps.Clone(nodes)
	s.saveDeclared(t)
}
