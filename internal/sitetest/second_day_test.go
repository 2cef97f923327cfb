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
	parts := []part{{"create", s.create}}
	for _, each := range slices.Concat(s.secondDayOfWeb(), s.secondDayOfDatabases(), s.secondDayOfFiles(), s.secondDayOfAll()) {
		parts = append(parts, part{each.name, func(t *testing.T) {
			s.clearLedger(t)
			each.run(t)
		}})
	}
	s.lead(t, parts)
}

// The names of the parts of a tier have its name in them, so that one lane of a workflow
// can have a tier: "-run 'TestSecondDay/(create|.*WebServer)'".
func (s *site) secondDayOfWeb() []part {
	return []part{
		{"moreWebServers", s.resize(web, 5)},
		{"fewerWebServers", s.resize(web, 3)},
		{"replaceWebServer", s.renew(web, "web2")},
		{"replaceDeadWebServer", s.renewDead(web, "web3")},
		{"wipedWebServer", s.rebuilt("web2")},
		{"killedWhileAWebServerJoins", s.killed(web, renewed("web3"), "web3: started: ", terraformAndAll)},
		{"killedWhileAWebServerLeaves", s.killed(web, renewed("web2"), "former web2: started: send visitors elsewhere", providerAlone)},
		{"powerLostByAWebServerThatJoins", s.powerLost(web, resized(4), "web4", "web4: started: ")},
		{"powerLostByAWebServerThatLeaves", s.powerLost(web, resized(3), "web4", "started: send visitors elsewhere")},
		{"killedDuringUpdatesOfWebServers", s.killedDuringUpdates(web, terraformAndAll)},
		{"rebootedWebServer", s.rebooted(named("web2"))},
		{"maintenanceOfAWebServer", s.maintained(web, named("web2"), s.apply)},
		{"allWebServers", s.allWebServers},
	}
}

func (s *site) secondDayOfDatabases() []part {
	return []part{
		{"moreDatabases", s.resize(database, 5)},
		{"fewerDatabases", s.resize(database, 3)},
		{"replaceDatabase", s.renew(database, "db2")},
		{"replaceDeadDatabase", s.renewDead(database, "db3")},
		{"wipedDatabase", s.rebuilt("db2")},
		{"killedWhileADatabaseJoins", s.killed(database, resized(5), "db4: started: start mariadb.service and join", providerAlone)},
		{"killedWhileADatabaseLeaves", s.killed(database, resized(3), "started: leave the cluster and keep the data", terraformAndAll)},
		{"powerLostByADatabaseThatJoins", s.powerLost(database, resized(5), "db4", "db4: started: start mariadb.service and join")},
		{"powerLostByADatabaseThatLeaves", s.powerLost(database, resized(3), "db5", "started: leave the cluster and keep the data")},
		{"connectionLostWhileDatabasesJoin", s.connectionLost(database, resized(5), "db4: started: start mariadb.service and join")},
		{"connectionLostWhileDatabasesLeave", s.connectionLost(database, resized(3), "started: leave the cluster and keep the data")},
		{"killedDuringUpdatesOfDatabases", s.killedDuringUpdates(database, providerAlone)},
		{"twoHistoriesOfDatabases", s.twoHistories},
		{"rebootedDatabase", s.rebooted(s.holding)},
		{"maintenanceOfADatabase", s.maintained(database, s.holding, s.apply)},
		{"killedDuringMaintenanceOfADatabase", s.maintained(database, s.holding, s.applyKilled(takesOut, s.onceRecorded(terraformAndAll)))},
		{"allDatabases", s.renew(database, "db1", "db2", "db3")},
		{"survivorOfDatabases", s.survivorGoesOn},
		{"outageOfDatabases", s.databasesLosePower},
		{"orderlyEndOfDatabases", s.databasesEnd},
	}
}

func (s *site) secondDayOfFiles() []part {
	return []part{
		{"moreFileServers", s.resize(files, 6)},
		{"fewerFileServers", s.resize(files, 3)},
		{"replaceFileServer", s.renew(files, "files2")},
		{"replaceDeadFileServer", s.renewDead(files, "files3")},
		{"wipedFileServer", s.rebuilt("files2")},
		{"killedWhileFileServersJoin", s.killed(files, resized(6), "started: spread the files over all sets", providerAlone)},
		{"killedWhileFileServersLeave", s.killed(files, resized(3), "started: move the files of", terraformAndAll)},
		{"powerLostByAFileServerThatJoins", s.powerLost(files, resized(6), "files4", "files4: started: ")},
		{"powerLostByAFileServerThatLeaves", s.powerLost(files, resized(3), "files4", "started: move the files of")},
		{"connectionLostWhileAFileServerIsReplaced", s.connectionLost(files, renewed("files3"), "started: take the brick over from")},
		{"killedDuringUpdatesOfFileServers", s.killedDuringUpdates(files, terraformAndAll)},
		{"rebootedFileServer", s.rebooted(named("files2"))},
		{"maintenanceOfAFileServer", s.maintained(files, named("files2"), s.apply)},
		{"allFileServers", s.renew(files, "files1", "files2", "files3")},
	}
}

func (s *site) secondDayOfAll() []part {
	return []part{
		{"machinesOfAll", s.renewAll},
		{"updatesOfAll", s.updateAll},
		{"outageOfAll", s.allLosePower},
	}
}

// redeclare returns other nodes of a tier, which now has these.
type redeclare func(s *site, of tier) map[string]int

// resized gives a tier more nodes, or takes the last ones away. The others stay what they
// are.
func resized(count int) redeclare {
	return func(s *site, of tier) map[string]int {
		nodes := of.firstGenerations(count)
		for name := range nodes {
			nodes[name] = max(nodes[name], s.tiers[of][name])
		}
		return nodes
	}
}

// renewed gives nodes other machines.
func renewed(names ...string) redeclare {
	return func(s *site, of tier) map[string]int {
		nodes := maps.Clone(s.tiers[of])
		for _, name := range names {
			nodes[name]++
		}
		return nodes
	}
}

// resize has a tier grow or shrink.
func (s *site) resize(of tier, count int) func(t *testing.T) {
	return func(t *testing.T) {
		s.change(t, string(of)+": "+strconv.Itoa(len(s.tiers[of]))+" to "+strconv.Itoa(count)+" nodes", of, resized(count)(s, of), s.apply)
	}
}

// renew gives nodes other machines, all in one apply.
func (s *site) renew(of tier, names ...string) func(t *testing.T) {
	return func(t *testing.T) {
		before := s.machines
		s.change(t, "another machine for "+strings.Join(names, ", "), of, renewed(names...)(s, of), s.apply)
		for _, name := range names {
			if s.machines[name] == before[name] {
				t.Errorf("%s is still machine %d", name, before[name])
			}
		}
	}
}

// slowDelay is for parts that a NodeBalancer which acts late could break; a real one takes up
// to a minute.
const slowDelay = 20 * time.Second

// allWebServers gives all web servers other machines in one apply: the NodeBalancer learns of
// the new ones when none of the old ones has been drained, and later than Terraform believes.
func (s *site) allWebServers(t *testing.T) {
	s.delayBalancer(t, slowDelay)
	s.renew(web, s.webServers()...)(t)
}

// renewAll gives every node of the site another machine, all in one apply, as a new image for
// the whole fleet does.
func (s *site) renewAll(t *testing.T) {
	const what = "other machines for all nodes"
	before := s.machines
	s.delayBalancer(t, slowDelay)
	probe := s.startProbe(t)
	for _, of := range []tier{files, database, web} {
		s.declare(t, of, renewed(slices.Collect(maps.Keys(s.tiers[of]))...)(s, of))
	}
	s.apply(t, "apply of "+what)
	s.wantServed(t, probe, "while "+what)
	s.find(t)
	for _, name := range s.nodes() {
		if s.machines[name] == before[name] {
			t.Errorf("%s is still machine %d", name, before[name])
		}
	}
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after "+what)
}

// nodes are those of all tiers.
func (s *site) nodes() []string {
	return slices.Concat(s.fileServers(), s.databases(), s.webServers())
}

// change applies other nodes of a tier while visitors come. No page may fail, and nothing
// that one of them said is kept may be lost.
func (s *site) change(t *testing.T, what string, of tier, nodes map[string]int, apply func(t *testing.T, what string)) {
	t.Helper()
	staying := maps.Clone(s.machines)
	for name, generation := range s.tiers[of] {
		if nodes[name] != generation {
			delete(staying, name)
		}
	}
	probe := s.startProbe(t)
	s.declare(t, of, nodes)
	apply(t, "apply of "+what)
	s.wantServed(t, probe, "while "+what)
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

// wantServed ends a probe and fails where a page did.
func (s *site) wantServed(t *testing.T, p *probe, during string) {
	t.Helper()
	if longest := p.report(t, s, during); longest > 5*time.Second || p.failed > 0 {
		t.Errorf("the site was away for %s, %d pages failed", longest, p.failed)
	}
}

// declare gives a tier nodes by their names, with their generations. The number at the
// end of a name is its slot.
func (s *site) declare(t *testing.T, of tier, nodes map[string]int) {
	t.Helper()
	type node struct {
		Slot       int `json:"slot"`
		Generation int `json:"generation"`
		// Maintenance is left out where there is none.
		Maintenance string `json:"maintenance,omitempty"`
	}
	declared := map[string]node{}
	for name, generation := range nodes {
		slot, err := strconv.Atoi(strings.TrimPrefix(name, string(of)))
		must(t, err)
		declared[name] = node{Slot: slot, Generation: generation, Maintenance: s.maintenance[name]}
	}
	value, err := json.Marshal(declared)
	must(t, err)
	s.variables[of.variable()] = string(value)
	s.tiers[of] = maps.Clone(nodes)
	s.saveDeclared(t)
}
