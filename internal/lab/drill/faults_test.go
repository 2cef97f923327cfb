package drill

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

func TestEveryFaultSaysWhatItIs(t *testing.T) {
	names := map[string]bool{}
	for _, fault := range Faults() {
		if names[fault.Name] || !regexp.MustCompile(`^[a-z-]+$`).MatchString(fault.Name) {
			t.Errorf("fault %q is there twice or is no name", fault.Name)
		}
		names[fault.Name] = true
		if fault.What == "" || fault.Undo == "" || fault.Promise.Health == 0 {
			t.Errorf("%s says %q and %q, and promises health in %s", fault.Name, fault.What, fault.Undo, fault.Promise.Health)
		}
		if fault.Inject == nil && fault.Hits != NoNode {
			t.Errorf("%s breaks nothing", fault.Name)
		}
		if fault.Hold > 0 && fault.Restore == nil && fault.Inject != nil {
			t.Errorf("%s holds on and is not undone", fault.Name)
		}
	}
	for _, d := range daemons() {
		if !strings.Contains(signalScript, "\n"+d.name+") ") {
			t.Errorf("scripts/signal.sh does not know %s", d.name)
		}
	}
	if len(names) < 40 {
		t.Errorf("there are %d faults", len(names))
	}
}

func TestChoose(t *testing.T) {
	chosen, err := Choose([]string{"unmount", "kill-mariadbd"})
	if err != nil || len(chosen) != 2 || chosen[0].Name != "kill-mariadbd" || chosen[1].Name != "unmount" {
		t.Errorf("%v, %v", chosen, err)
	}
	if _, err := Choose([]string{"unmount", "nonsense"}); err == nil {
		t.Error("there is a fault nonsense")
	}
}

func firstTurns(seed uint64, count int) []string {
	var turns []string
	for turn := range Schedule(Faults(), seed) {
		turns = append(turns, fmt.Sprint(turn.Fault.Name, " ", turn.Pick))
		if len(turns) == count {
			break
		}
	}
	return turns
}

func TestScheduleDependsOnTheSeedAlone(t *testing.T) {
	rounds := 2 * len(Faults())
	one := firstTurns(1, rounds)
	if diff := cmp.Diff(one, firstTurns(1, rounds)); diff != "" {
		t.Errorf("the same seed has two schedules (-one +other)\n%s", diff)
	}
	if slices.Equal(one, firstTurns(2, rounds)) {
		t.Error("two seeds have one schedule")
	}
	counts := map[string]int{}
	for _, turn := range one {
		name, _, _ := strings.Cut(turn, " ")
		counts[name]++
	}
	for _, fault := range Faults() {
		if counts[fault.Name] != 2 {
			t.Errorf("%s is made %d times in two rounds", fault.Name, counts[fault.Name])
		}
	}
}

func TestVictims(t *testing.T) {
	site := newSimulation().site()
	for _, test := range []struct {
		fault Fault
		pick  uint64
		want  []string
	}{
		{Fault{Tier: website.Databases, Hits: TheHolder}, 5, []string{"db1"}},
		{Fault{Tier: website.Databases, Hits: OneNode}, 0, []string{"db2"}},
		{Fault{Tier: website.Databases, Hits: OneNode}, 1, []string{"db3"}},
		{Fault{Tier: website.Files, Hits: OneNode}, 4, []string{"files2"}},
		{Fault{Tier: website.Web, Hits: AllNodes}, 4, []string{"web1", "web2", "web3"}},
		{Fault{Hits: OneOfEach}, 2, []string{"files3", "db3", "web3"}},
		{Fault{Hits: NoNode}, 2, nil},
	} {
		got, err := test.fault.victims(t.Context(), site, test.pick)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%+v: %v (-want +got)\n%s", test.fault, err, diff)
		}
	}
	if got, err := (Fault{Hits: AllNodes}).victims(t.Context(), site, 0); err != nil || len(got) != 9 {
		t.Errorf("of all nodes %v, %v", got, err)
	}
	var impossible impossibleError
	if _, err := (Fault{Tier: "cache", Hits: OneNode}).victims(t.Context(), site, 0); !errors.As(err, &impossible) {
		t.Errorf("a tier that is not there: %v", err)
	}
}

// well is a run that keeps every promise.
func well() Run {
	return Run{
		HealthyBy: byItself, HealthySeconds: 20,
		Clients: []ClientRun{
			{Client: Client{Kind: Pages}, Attempts: 90, LongestGap: 4, Failed: 1},
			{Client: Client{RowsNew, "web1"}, Attempts: 90, LongestGap: 6, Failed: 20},
			{Client: Client{FilesKind, "web2"}, Hit: true, LongestGap: 60, Failed: 50},
		},
		Checks: []Check{{Name: "rows on db1", OK: true, Detail: "all 90"}},
	}
}

func TestPromisesCanBeBroken(t *testing.T) {
	promise := Promise{Limits: limits(limit(5, 2), limit(5, 2), limit(8, 30), limit(8, 30), limit(3, 0)), Health: 30e9}
	if broken := promise.broken(well()); len(broken) > 0 {
		t.Errorf("a run that is well breaks %q", broken)
	}
	for want, harm := range map[string]func(*Run){
		"pages: 5.5 s without an acknowledgement, 5.0 s are promised": func(r *Run) { r.Clients[0].LongestGap = 5.5 },
		"pages: 3 attempts failed, 2 may":                             func(r *Run) { r.Clients[0].Failed = 3 },
		"rows, new connections on web1: no attempt was made":          func(r *Run) { r.Clients[1].Attempts = 0 },
		"files on web2: 60.0 s without an acknowledgement, 3.0 s are promised; files on web2: 50 attempts failed, 0 may; files on web2: no attempt was made": func(r *Run) {
			r.Clients[2].Hit = false
		},
		"two nodes had the address for 2.1 s, 2 s are promised": func(r *Run) { r.Shared = 2.1 },
		"healthy after 31 s, 30 s are promised":                 func(r *Run) { r.HealthySeconds = 31 },
		"the site needed an apply: db1 is away":                 func(r *Run) { r.HealthyBy, r.Unhealthy = byApply, "db1 is away" },
		"the site is not healthy: db1 is away":                  func(r *Run) { r.HealthyBy, r.Unhealthy = never, "db1 is away" },
		"rows on db1: 1 of 90 are lost: web1 17":                func(r *Run) { r.Checks[0] = Check{Name: "rows on db1"}.compared(90, []string{"web1 17"}) },
		"cannot make the fault: db1 does not obey":              func(r *Run) { r.Failure = "cannot make the fault: db1 does not obey" },
	} {
		run := well()
		harm(&run)
		if got := strings.Join(promise.broken(run), "; "); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	slow := well()
	slow.Slow, slow.Clients[0].LongestGap, slow.Clients[1].Failed = 4, 6.4, 8
	if broken := promise.broken(slow); len(broken) > 0 {
		t.Errorf("a quarter of the traffic breaks %q", broken)
	}
	slow.Clients[1].Failed = 9
	if got, want := strings.Join(promise.broken(slow), "; "), "rows, new connections on web1: 9 attempts failed, 8 may"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	promise.Apply = true
	run := well()
	run.HealthyBy, run.HealthySeconds = byApply, 90
	if broken := promise.broken(run); len(broken) > 0 {
		t.Errorf("a promise with an apply is broken: %q", broken)
	}
}
