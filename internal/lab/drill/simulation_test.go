package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// simulation is a site that keeps state: which machines are down, what was written and
// what was lost. It implements Hands, Load and website.Machines, and fails on what it
// does not know.
type simulation struct {
	mu   sync.Mutex
	down map[string]bool
	// sticky are machines that only an apply brings back.
	sticky map[string]bool
	rows   []string
	// forgets loses the last row when a machine goes down.
	forgets bool
	// full bricks take no data; roomy ones are never full.
	full, roomy bool
	// silent has a client that is to be there, and does nothing.
	silent bool
	// late fails an attempt of a page that begins with the fault, after everything is well.
	late bool
	// slow fails an attempt before the first fault.
	slow bool
	// obeys is what hands answer.
	refuses error
	applied int
	changed bool

	recorder Recorder
	ledger   Ledger
	watched  Watched
	stop     context.CancelFunc
	all      sync.WaitGroup
	cleaned  bool
}

func newSimulation() *simulation {
	return &simulation{down: map[string]bool{}, sticky: map[string]bool{}}
}

func (s *simulation) site() website.Site {
	return website.Site{
		Machines: s, Floating: "10.0.0.10", URL: "http://site.example",
		Nodes: map[website.Tier][]string{
			website.Files: {"files1", "files2", "files3"}, website.Databases: {"db1", "db2", "db3"}, website.Web: {"web1", "web2", "web3"},
		},
	}
}

func (s *simulation) holder() string {
	for _, node := range []string{"db1", "db2", "db3"} {
		if !s.down[node] {
			return node
		}
	}
	return ""
}

// Exec knows the question who has the address.
func (s *simulation) Exec(_ context.Context, node string, argv []string, _ io.Reader, stdout io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(argv[2], "ip -4 -o address show") {
		return fmt.Errorf("the simulation does not know %q", argv)
	}
	if s.down[node] {
		return errors.New("it is down")
	}
	if node == s.holder() {
		_, err := io.WriteString(stdout, "2: eth1 inet 10.0.0.10/24\n")
		return err
	}
	return nil
}

func (s *simulation) set(down bool, nodes ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses != nil {
		return s.refuses
	}
	for _, node := range nodes {
		if s.down[node] == down {
			return fmt.Errorf("%s is down already: %t", node, down)
		}
		if down && s.forgets && len(s.rows) > 0 {
			s.rows = s.rows[:len(s.rows)-1]
		}
		if down || !s.sticky[node] {
			s.down[node] = down
		}
	}
	return nil
}

func (s *simulation) PowerOff(_ context.Context, nodes ...string) error { return s.set(true, nodes...) }
func (s *simulation) PowerOn(_ context.Context, nodes ...string) error  { return s.set(false, nodes...) }
func (s *simulation) Reboot(ctx context.Context, node string) error {
	if err := s.set(true, node); err != nil {
		return err
	}
	wait(ctx, 10*time.Second)
	return s.set(false, node)
}
func (s *simulation) Freeze(_ context.Context, node string) error { return s.set(true, node) }
func (s *simulation) Thaw(_ context.Context, node string) error   { return s.set(false, node) }
func (s *simulation) Cut(_ context.Context, _ bool, nodes ...string) error {
	return s.set(true, nodes...)
}
func (s *simulation) Heal(context.Context) error { return s.set(false, s.away()...) }
func (s *simulation) FillDisk(context.Context, string, string) error {
	return errors.New("no disk is filled in the simulation")
}
func (s *simulation) FreeDisk(context.Context, string, string) error {
	return errors.New("no disk is filled in the simulation")
}

// Run knows the scripts of the table of faults. What is killed is down for five seconds.
func (s *simulation) Run(ctx context.Context, node, script string, args ...string) (string, error) {
	switch {
	case script == ownDisk:
		return "no", nil
	case script == signalScript && args[1] == "KILL", script == unmountScript:
		if err := s.set(true, node); err != nil {
			return "", err
		}
		s.all.Go(func() {
			wait(ctx, 5*time.Second)
			_ = s.set(false, node)
		})
		return "", nil
	case script == signalScript && args[1] == "STOP", script == blockVRRP:
		return "", s.set(true, node)
	case script == signalScript && args[1] == "CONT", script == allowVRRP:
		return "", s.set(false, node)
	case script == fullVolume, script == roomAgain:
		s.full = script == fullVolume && !s.roomy
		return "", nil
	case script == writes && s.full:
		return "head: error writing 'standard output': No space left on device", nil
	case script == writes:
		return "", nil
	}
	return "", fmt.Errorf("the simulation does not know %q", script)
}

// Apply brings every machine back.
func (s *simulation) Apply(_ context.Context, variables map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied++
	s.changed = len(variables) > 0
	clear(s.down)
	return nil
}

func (s *simulation) away() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
		for node, down := range s.down {
			if down && !yield(node, true) {
				return
			}
		}
	})))
}

func (s *simulation) whole(ctx context.Context) error {
	if down := s.away(); len(down) > 0 {
		return fmt.Errorf("%v are down", down)
	}
	return ctx.Err()
}

func (s *simulation) plan(context.Context) error {
	if s.changed {
		return errors.New("the plan is not empty")
	}
	return nil
}

func (s *simulation) look(_ context.Context, kept Kept, _ bool) []Check {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []Check{Check{Name: "rows on db1"}.compared(len(kept.Rows), website.Missing(kept.Rows, strings.Join(s.rows, "\n")))}
}

// Start writes rows all the time. While the holder is down, and for three seconds from
// then on, they fail.
func (s *simulation) Start(ctx context.Context) error {
	ctx, s.stop = context.WithCancel(ctx)
	client := Client{RowsNew, "web1"}
	if s.silent {
		s.recorder.Expect(Client{RowsNew, "web2"})
	}
	if s.late {
		s.all.Go(func() {
			wait(ctx, 30*time.Second)
			began := time.Now()
			wait(ctx, patience)
			s.recorder.Add(client, Attempt{Start: began, End: time.Now(), Failure: "no answer in time"})
		})
	}
	s.all.Go(func() {
		former, back := "db1", time.Time{}
		for n := 0; ctx.Err() == nil; n++ {
			s.mu.Lock()
			now := s.holder()
			if now != former {
				former, back = now, time.Now().Add(3*time.Second)
			}
			a := Attempt{Start: time.Now(), End: time.Now()}
			if s.slow && n == 60 {
				a.Failure = "it takes too long"
			} else if now == "" || time.Now().Before(back) {
				a.Failure = "nobody has the address"
			} else {
				s.rows = append(s.rows, fmt.Sprint("web1 ", n))
				s.ledger.row(fmt.Sprint("web1 ", n))
			}
			s.mu.Unlock()
			s.recorder.Add(client, a)
			wait(ctx, 200*time.Millisecond)
		}
	})
	return nil
}

func (s *simulation) Stop(context.Context) {
	s.stop()
	s.all.Wait()
}

func (s *simulation) CleanUp(context.Context) error {
	s.cleaned = true
	return nil
}
