package sitetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linode/linodego"
)

// renewDead gives a node another machine after its own has lost power for good.
func (s *site) renewDead(of tier, name string) func(t *testing.T) {
	return func(t *testing.T) {
		lost := s.lose(t, name)
		s.renew(of, name)(t)
		s.wantKept(t, lost)
	}
}

// lose cuts a machine's power and returns when visitors are served without it. The probe
// has what they were told until then.
func (s *site) lose(t *testing.T, name string) *probe {
	t.Helper()
	probe := s.startProbe(t)
	t.Logf("power off: %s", name)
	s.powerOff(t, name)
	if strings.HasPrefix(name, string(web)) {
		s.wantDown(t, name)
	}
	s.wantSiteBack(t)
	if longest := probe.report(t, s, "when "+name+" died"); longest > 40*time.Second {
		t.Errorf("the site was away for %s", longest)
	}
	return probe
}

// rebuilt has a machine lose its disk: it boots as a new one does, with the same address
// and host key, and an apply makes it what it was.
func (s *site) rebuilt(name string) func(t *testing.T) {
	return func(t *testing.T) {
		lost := s.lose(t, name)
		key, err := os.ReadFile(s.Folder.KeyFile() + ".pub")
		must(t, err)
		before, err := s.client.GetInstance(t.Context(), s.machines[name])
		must(t, err)
		_, err = s.client.RebuildInstance(t.Context(), s.machines[name], linodego.InstanceRebuildOptions{
			Image: before.Image, AuthorizedKeys: []string{strings.TrimSpace(string(key))},
			// The API wants one, and nobody uses it.
			RootPass: rand.Text(),
		})
		must(t, err)
		s.until(t, "until "+name+" had booted with an empty disk", 2*time.Minute, func(ctx context.Context) error {
			now, err := s.client.GetInstance(ctx, s.machines[name])
			if err == nil && now.Status != linodego.InstanceRunning {
				err = fmt.Errorf("it is %s", now.Status)
			}
			return err
		})
		probe := s.startProbe(t)
		s.apply(t, "apply after the disk of "+name+" was wiped")
		s.wantServed(t, probe, "while "+name+" was made again")
		s.wantWhole(t)
		s.wantKept(t, lost)
		s.wantKept(t, probe)
		s.wantEmpty(t, "after "+name+" was made again")
	}
}

// databasesLosePower cuts the power of all databases at the same moment, and gives it
// back at the same moment. The site comes back by itself.
func (s *site) databasesLosePower(t *testing.T) { s.outage(t, "all databases", s.databases()) }

// allLosePower does so with all machines of the site.
func (s *site) allLosePower(t *testing.T) { s.outage(t, "all machines", s.nodes()) }

func (s *site) outage(t *testing.T, what string, nodes []string) {
	t.Helper()
	probe := s.startProbe(t)
	t.Logf("power off: %s", what)
	together(t, nodes, func(name string) error { return s.hardware.PowerOff(t.Context(), s.machines[name]) })
	probe.report(t, s, "before "+what+" lost power")
	together(t, nodes, func(name string) error { return s.hardware.StartMachine(t.Context(), s.machines[name]) })
	if last := s.within(t, "until the site was whole by itself after the outage of "+what, 3*time.Minute, s.whole); last != nil {
		t.Errorf("the site is not whole by itself: %v", last)
	}
	s.wantBackAfter(t, "the outage of "+what, probe)
}

// together does something with several nodes at the same moment.
func together(t *testing.T, nodes []string, do func(name string) error) {
	t.Helper()
	var all sync.WaitGroup
	failed := make([]error, len(nodes))
	for place, name := range nodes {
		all.Go(func() { failed[place] = do(name) })
	}
	all.Wait()
	must(t, errors.Join(failed...))
}

// databasesEnd stops all databases in order, as somebody does who means to start them
// again.
func (s *site) databasesEnd(t *testing.T) {
	probe := s.startProbe(t)
	for _, name := range s.databases() {
		s.sh(t, name, "systemctl stop mariadb")
	}
	probe.report(t, s, "before all databases were stopped")
	s.wantBackAfter(t, "the orderly end of all databases", probe)
}

// wantBackAfter wants the site to be back after one apply.
func (s *site) wantBackAfter(t *testing.T, what string, p *probe) {
	t.Helper()
	s.apply(t, "apply after "+what)
	s.wantWhole(t)
	s.wantKept(t, p)
	s.wantEmpty(t, "after "+what)
	s.wantWordPress(t)
}

// twoHistories gives a database another cluster's data in name: no apply may go on from
// either history, and visitors do not notice.
func (s *site) twoHistories(t *testing.T) {
	const state = "/var/lib/mysql/grastate.dat"
	probe := s.startProbe(t)
	holders, err := s.holders(t.Context())
	must(t, err)
	victim := "db2"
	if holders[0] == victim {
		victim = "db3"
	}
	s.sh(t, victim, `systemctl stop mariadb
sed -i.bak 's/^uuid: .*/uuid:    33333333-e6bb-11f1-8ff9-7e455ffa2284/' "$1"`, state)
	out, err := s.terraform(t, "apply", "-auto-approve", "-input=false", "-no-color").CombinedOutput()
	if err == nil || !strings.Contains(strings.Join(strings.Fields(string(out)), " "), "two histories") {
		t.Errorf("the apply is not refused: %v\n%s", err, out)
	}
	s.sh(t, victim, `cat "$1.bak" >"$1" && rm "$1.bak"`, state)
	s.apply(t, "apply after two histories")
	s.wantServed(t, probe, "while "+victim+" had another history")
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after two histories")
}
