package galera

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestATransferThatDoesNotFitIsRefused compares the room with the donor's data.
func TestATransferThatDoesNotFitIsRefused(t *testing.T) {
	s, spec := built(t, MariaDB)
	for _, node := range s.Nodes {
		node.Free, node.Used = 10<<30, 40<<30
	}
	_ = s.Machines["db2"].Stop("mariadb")
	s.Wipe("db2")
	// A write-set cache of 2 GiB is still to come.
	s.Nodes["db2"].Free, s.Nodes["db2"].Used = 38<<30, 1<<30
	err := s.converge(spec)
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	want := []string{"the data of db1 takes 40960 MiB", "the data of db3 takes 40960 MiB", "db2 has room for 37888 MiB at /var/lib/mysql"}
	if diff := cmp.Diff(want, refused.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if s.Machines["db2"].Unit("mariadb").Running() {
		t.Error("it was started")
	}
	s.Nodes["db2"].Free = 60 << 30
	s.must(spec)
}

func TestANodeThatWasGivenUpStartsAgain(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"after three transfers": {
			func(s *sim) {
				_ = s.Machines["db2"].Stop("mariadb")
				s.Machines["db2"].WriteFile(transfersPath("shop"), "3\n")
			},
			map[string][]string{"db2": {"mariadb was given up after 3 state transfers that failed one after the other"}},
		},
	})
}

// slowly has a server take its time to become a member.
type slowly struct {
	*hosttest.Machine
	// during are acts with ten seconds after each.
	during []func()
}

func (s slowly) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	if c.Label() == "galera-member" {
		time.Sleep(5 * time.Second) // between two looks
		for _, act := range s.during {
			s.Locked(act)
			time.Sleep(10 * time.Second)
		}
	}
	return s.Machine.Run(ctx, c)
}

// listener hears of progress.
type listener struct {
	reconcile.Silent
	told []string
}

func (l *listener) StepProgress(node, title, progress string) {
	l.told = append(l.told, node+": "+title+": "+progress)
}

// TestAJoiningNodeTellsItsTransfer has a donor, its size and what has arrived.
func TestAJoiningNodeTellsItsTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, spec := built(t, MariaDB)
		for _, node := range s.Nodes {
			node.Free, node.Used, node.Cache = 50<<30, 42<<30, 2<<30
		}
		_ = s.Machines["db2"].Stop("mariadb")
		s.Wipe("db2")
		joiner, donor := s.Nodes["db2"], s.Nodes["db3"]
		joiner.Free, joiner.Used, joiner.Cache = 60<<30, 1<<30, 0
		s.hosts["db2"] = host.New("db2", slowly{s.Machines["db2"], []func(){
			func() {},
			func() { donor.Busy = "Donor/Desynced" },
			func() { joiner.Used, joiner.Cache = 22<<30, 2<<30 },
			func() { joiner.Used = 0 },
			func() { donor.Busy, joiner.Used = "", 42<<30 },
			func() { s.Machines["db2"].Down = true },
			func() { s.Machines["db2"].Down = false },
		}})
		heard := &listener{}
		if err := reconcile.Run(t.Context(), s.plan(spec), s.hosts, heard); err != nil {
			t.Fatal(err)
		}
		const step = "db2: start mariadb.service and join: "
		want := []string{
			step + "its server starts",
			step + "it receives a state transfer from db3, and has 1024 MiB of about 40960 MiB",
			step + "it receives a state transfer from db3, and has 20480 MiB of about 40960 MiB",
			step + "it receives a state transfer from db3",
			step + "its server starts",
			step + "cannot reach db2: simulated",
			step + "its server starts",
		}
		if diff := cmp.Diff(want, heard.told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		s.must(spec)
	})
}

func TestHowFarAMemberHasCome(t *testing.T) {
	members := func(at Wsrep) Status {
		return Status{Nodes: map[string]NodeStatus{
			"db1": {Wsrep: Wsrep{Answers: true, Cluster: "Primary", Comment: "Synced", State: synced, Committed: 900}},
			"db2": {Wsrep: at},
		}}
	}
	for want, at := range map[string]Wsrep{
		"its server starts": {},
		"its server is Joining: receiving State Transfer (Primary), 380 write-sets behind": {Answers: true, Cluster: "Primary", Comment: "Joining: receiving State Transfer", State: 1, Committed: 520},
		"its server is Joined (Primary)":          {Answers: true, Cluster: "Primary", Comment: "Joined", State: 3, Committed: 901},
		"its server is Initialized (non-Primary)": {Answers: true, Cluster: "non-Primary", Comment: "Initialized", Committed: -1},
	} {
		if got := members(at).joining("db2"); got != want {
			t.Errorf("%q and not %q", got, want)
		}
	}
}
