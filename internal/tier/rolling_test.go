package tier

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// street is a tier of lamps of which each is to be "new". Those that are "down" do not
// serve.
type street struct {
	lamps map[string]string
	// log has what was changed, in order.
	log []string
	// changed is called after each change.
	changed func(node string)
}

func (s *street) cluster(rolling Rolling) *Cluster[map[string]string, *street] {
	c := New(Definition[map[string]string, *street]{
		Target: s,
		Observe: func(context.Context) map[string]string {
			seen := map[string]string{}
			for name, lamp := range s.lamps {
				seen[name] = lamp
			}
			return seen
		},
		Unreachable: func(map[string]string) map[string]error { return nil },
		Diff: func(seen map[string]string) (plan reconcile.Plan[*street], err error) {
			var steps []reconcile.Step[*street]
			for _, node := range []string{"n1", "n2", "n3"} {
				if seen[node] == "new" {
					continue
				}
				steps = append(steps, Rolled(node,
					reconcile.Step[*street]{Title: "look", Do: func(context.Context, *street) error { return nil }},
					reconcile.Step[*street]{Node: node, Title: "light", Why: "it is " + seen[node], Effect: reconcile.Restarts, Do: func(_ context.Context, s *street) error {
						s.lamps[node] = "new"
						s.log = append(s.log, node)
						if s.changed != nil {
							s.changed(node)
						}
						return nil
					}})...)
			}
			plan.Serial("light", steps...)
			return plan, nil
		},
		Verify: func(context.Context) error { return nil },
		Foresee: func(seen map[string]string) Foresight {
			f := Foresight{Quorum: 2}
			for _, node := range []string{"n1", "n2", "n3"} {
				if seen[node] != "down" {
					f.Serving = append(f.Serving, node)
				}
			}
			return f
		},
	})
	c.RollWith(rolling)
	return c
}

func old() *street { return &street{lamps: map[string]string{"n1": "old", "n2": "old", "n3": "old"}} }

func TestARollFollowsWhatIsAsked(t *testing.T) {
	for name, test := range map[string]struct {
		rolling   Rolling
		down      string
		want      []string
		postponed []string
	}{
		"nothing is asked":              {want: []string{"n1", "n2", "n3"}},
		"another one first":             {rolling: Rolling{First: "n3"}, want: []string{"n3", "n1", "n2"}},
		"one that is down comes before": {rolling: Rolling{First: "n3"}, down: "n2", want: []string{"n2", "n3", "n1"}},
		"only one":                      {rolling: Rolling{StopAfter: 1}, want: []string{"n1"}, postponed: []string{"n2", "n3"}},
		"only one, another one":         {rolling: Rolling{First: "n2", StopAfter: 1}, want: []string{"n2"}, postponed: []string{"n1", "n3"}},
		"more than there are":           {rolling: Rolling{StopAfter: 5}, want: []string{"n1", "n2", "n3"}},
		"a repair does not count":       {rolling: Rolling{StopAfter: 1}, down: "n3", want: []string{"n3", "n1"}, postponed: []string{"n2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := old()
			if test.down != "" {
				s.lamps[test.down] = "down"
			}
			c := s.cluster(test.rolling)
			c.Observe(t.Context())
			said := c.Rollout(nil)
			if err := c.Converge(t.Context(), reconcile.Silent{}); err != nil {
				t.Fatal(err)
			}
			if test.down == "" && len(said.Nodes) != len(test.want) {
				t.Errorf("the plan says %+v", said.Nodes)
			}
			if test.down == "n3" { // the order of repairs is the tier's
				slices.Sort(s.log)
				slices.Sort(test.want)
			}
			if diff := cmp.Diff(test.want, s.log); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.postponed, c.Postponed()); diff != "" {
				t.Errorf("postponed (-want +got):\n%s", diff)
			}
			if drift, _ := c.Drift(); len(drift) != len(test.postponed) {
				t.Errorf("the drift is %v", drift)
			}
			for range 3 { // what is left is done by the next changes
				if err := s.cluster(test.rolling).Converge(t.Context(), reconcile.Silent{}); err != nil {
					t.Fatal(err)
				}
			}
			if slices.ContainsFunc([]string{"n1", "n2", "n3"}, func(node string) bool { return s.lamps[node] != "new" }) {
				t.Errorf("in the end they are %v", s.lamps)
			}
		})
	}
}

func TestANodeHasToServeBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, begin := old(), time.Now()
		if err := s.cluster(Rolling{Bake: time.Minute}).Converge(t.Context(), reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		if passed := time.Since(begin); passed < 3*time.Minute || passed > 4*time.Minute {
			t.Errorf("three nodes took %s", passed)
		}
	})
	for name, broken := range map[string]string{"the node": "n1", "another one": "n3"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := old()
				s.changed = func(string) { time.AfterFunc(30*time.Second, func() { s.lamps[broken] = "down" }) }
				err := s.cluster(Rolling{Bake: time.Minute}).Converge(t.Context(), reconcile.Silent{})
				if err == nil || !strings.Contains(err.Error(), broken+" does not serve. No other node is changed") {
					t.Errorf("got %v", err)
				}
				if len(s.log) != 1 {
					t.Errorf("changed %v", s.log)
				}
			})
		})
	}
	t.Run("a moment is nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := old()
			s.changed = func(node string) {
				time.AfterFunc(29*time.Second, func() { s.lamps[node] = "down" })
				time.AfterFunc(32*time.Second, func() { s.lamps[node] = "new" })
			}
			if err := s.cluster(Rolling{Bake: time.Minute}).Converge(t.Context(), reconcile.Silent{}); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestACheckHasToPass(t *testing.T) {
	var asked atomic.Int64
	status := http.StatusFound
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Location", "http://127.0.0.1:1/never")
		w.WriteHeader(status)
	}))
	t.Cleanup(site.Close)
	s := old()
	if err := s.cluster(Rolling{CheckURL: site.URL, Bake: 40 * time.Millisecond}).Converge(t.Context(), reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	if got := asked.Load(); got < 9 {
		t.Errorf("it was asked %d times", got)
	}
	// It fails after the first node.
	s = old()
	s.changed = func(string) { status = http.StatusBadGateway }
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := s.cluster(Rolling{CheckURL: site.URL}).Converge(ctx, reconcile.Silent{})
	if err == nil || !strings.Contains(err.Error(), "502 Bad Gateway") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"n1"}, s.log); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	// It fails before the first one.
	s = old()
	site.Close()
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := s.cluster(Rolling{CheckURL: site.URL}).Converge(ctx, reconcile.Silent{}); err == nil || len(s.log) > 0 {
		t.Errorf("got %v, and changed %v", err, s.log)
	}
}

// TestAChangeInTwoHalvesIsOne has nodes that serve again only after what the next
// observation shows to be missing.
func TestAChangeInTwoHalvesIsOne(t *testing.T) {
	s := old()
	c := s.cluster(Rolling{})
	c.of.Diff = func(seen map[string]string) (plan reconcile.Plan[*street], err error) {
		becomes := func(node, state string) reconcile.Step[*street] {
			return reconcile.Step[*street]{Node: node, Title: "make it " + state, Why: "it is " + seen[node], Do: func(_ context.Context, s *street) error {
				s.lamps[node] = state
				s.log = append(s.log, node+" "+state)
				return nil
			}}
		}
		for _, node := range []string{"n1", "n2", "n3"} {
			switch seen[node] {
			case "old":
				plan.Serial("take down", RollBegins(node, becomes(node, "down"))...)
				return plan, nil
			case "down":
				plan.Serial("light", Rolled(node, becomes(node, "new"))...)
			}
		}
		return plan, nil
	}
	c.RollWith(Rolling{StopAfter: 1, Bake: 4 * time.Millisecond})
	var titles titled
	if err := c.Converge(t.Context(), &titles); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"n1 down", "n1 new"}, s.log); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if !slices.Contains(titles, "see it serve for 4ms") {
		t.Errorf("n1 is not watched after its change: %q", titles)
	}
}

// titled keeps the titles of steps.
type titled []string

func (t *titled) StepStarted(_, title, _ string)                          { *t = append(*t, title) }
func (t *titled) StepEnded(_, _ string, _ time.Duration, _ bool, _ error) {}

// TestANodeLeavesAWellTier has nodes that leave one after the other, each in a round of its own.
func TestANodeLeavesAWellTier(t *testing.T) {
	leaving := func(s *street, rolling Rolling) *Cluster[map[string]string, *street] {
		c := s.cluster(rolling)
		c.of.Diff = func(seen map[string]string) (plan reconcile.Plan[*street], err error) {
			for _, node := range []string{"n1", "n2"} {
				if seen[node] == "old" {
					plan.Serial("leave", reconcile.Step[*street]{Node: node, Title: "leave", Why: "it is to leave", Effect: reconcile.Leaves, Do: func(_ context.Context, s *street) error {
						s.lamps[node] = "gone"
						s.log = append(s.log, node)
						if s.changed != nil {
							s.changed(node)
						}
						return nil
					}})
					break
				}
			}
			return plan, nil
		}
		return c
	}
	synctest.Test(t, func(t *testing.T) {
		s, begin := old(), time.Now()
		if err := leaving(s, Rolling{Bake: time.Minute}).Converge(t.Context(), reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		if passed := time.Since(begin); passed < 2*time.Minute || passed > 3*time.Minute || len(s.log) != 2 {
			t.Errorf("%v left in %s", s.log, passed)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := old()
		s.changed = func(string) { time.AfterFunc(30*time.Second, func() { s.lamps["n3"] = "down" }) }
		err := leaving(s, Rolling{Bake: time.Minute}).Converge(t.Context(), reconcile.Silent{})
		if err == nil || !strings.Contains(err.Error(), "n3 does not serve. No other node is changed") || len(s.log) != 1 {
			t.Errorf("%v left, and then %v", s.log, err)
		}
	})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(site.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	s := old()
	if err := leaving(s, Rolling{CheckURL: site.URL}).Converge(ctx, reconcile.Silent{}); err == nil || len(s.log) > 0 {
		t.Errorf("%v left, and then %v", s.log, err)
	}
}
