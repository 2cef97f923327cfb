package region

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
)

func TestRegion(t *testing.T) {
	l := newLab(t)
	s := l.build()
	s.both(t)
	t.Run("host keys are those of the user data", s.givenKeys)
	t.Run("a VLAN joins machines", s.vlan)
	t.Run("a lost machine is routed around", s.lose)
	t.Run("a dead node gets no request", s.deadNode)
	t.Run("a drained node is left", s.drain)
	t.Run("the API restarts", s.restartAPI)
	t.Run("rebuild", s.rebuild)
	t.Run("delete", s.remove)
	t.Run("leftovers", s.leftovers)
}

func (s *site) with(t *testing.T) *site {
	t.Helper()
	l := *s.lab
	l.t = t
	copied := *s
	copied.lab = &l
	return &copied
}

func (s *site) both(t *testing.T) {
	t.Helper()
	s = s.with(t)
	s.until("both nodes are UP", func() error {
		return errors.Join(s.has("one", "UP")(), s.has("two", "UP")())
	})
	if by := s.answers(10); by["one"] == 0 || by["two"] == 0 {
		t.Errorf("answers %v", by)
	}
}

// givenKeys looks at a machine whose first connection was checked already; the
// tests of a reboot and of a rebuild connect again.
func (s *site) givenKeys(t *testing.T) {
	s = s.with(t)
	keys, err := s.run(s.one, "ls /etc/ssh/ssh_host_*; stat -c %a /etc/ssh/ssh_host_ed25519_key")
	if want := "/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub\n600"; keys != want || err != nil {
		t.Errorf("%q, %v", keys, err)
	}
	other := *s.one
	other.Label = s.two.Label
	var wrong *ssh.HostKeyError
	if _, err := s.run(&other, "true"); !errors.As(err, &wrong) {
		t.Errorf("a machine with another key was let in: %v", err)
	}
}

func (s *site) vlan(t *testing.T) {
	s = s.with(t)
	if _, err := s.run(s.one, "ping -c 1 -W 2 -I eth1 10.0.0.2"); err != nil {
		t.Error(err)
	}
}

func (s *site) lose(t *testing.T) {
	s = s.with(t)
	hardware, err := Hardware(t.Context(), s.docker, s.folder)
	s.must(err)
	s.must(hardware.PowerOff(t.Context(), s.two.ID))
	// None fails, not even before the check has noticed.
	s.answers(3)
	s.until("the lost node is DOWN", s.has("two", "DOWN"))
	if by := s.answers(6); by["one"] != 6 {
		t.Errorf("answers %v", by)
	}
	// A new configuration starts with what was known.
	_, err = s.client.UpdateNodeBalancerNode(t.Context(), s.balancer.ID, s.config.ID, s.nodes["one"],
		linodego.NodeBalancerNodeUpdateOptions{Weight: 50})
	s.must(err)
	s.until("the new weight is applied", func() error {
		config, err := hardware.BalancerCommand(t.Context(), s.balancer.ID, "show servers state")
		if err == nil && !strings.Contains(string(config), " 50 50 ") {
			err = errors.New("the old weight")
		}
		return err
	})
	state, err := hardware.BalancerCommand(t.Context(), s.balancer.ID, "show stat up")
	s.must(err)
	if dead := fmt.Sprintf("node-%d,", s.nodes["two"]); strings.Contains(string(state), dead) {
		t.Errorf("a dead node is up after a reload:\n%s", state)
	}
	s.must(s.client.RebootInstance(t.Context(), s.two.ID, 0))
	s.running(s.two.ID)
	s.until("the node is UP again", s.has("two", "UP"))
	if _, err := s.run(s.two, "true"); err != nil {
		t.Errorf("after a reboot: %v", err)
	}
}

func (s *site) deadNode(t *testing.T) {
	s = s.with(t)
	hardware, err := Hardware(t.Context(), s.docker, s.folder)
	s.must(err)
	s.addNode("nobody", "192.168.200.200")
	s.until("HAProxy knows the new node", func() error {
		state, err := hardware.BalancerCommand(t.Context(), s.balancer.ID, "show servers state")
		_, after, found := strings.Cut(string(state), " 192.168.200.200 ")
		if err == nil && !found {
			err = errors.New("it does not know it yet")
		}
		// Two checks have to fail before a node that was up is down.
		if found && !strings.HasPrefix(after, "0 ") {
			t.Errorf("a new node is trusted before its first check: %s", after)
		}
		return err
	})
	s.until("the dead node is DOWN", s.has("nobody", "DOWN"))
	started := time.Now()
	if by := s.answers(10); by["one"]+by["two"] != 10 {
		t.Errorf("answers %v", by)
	}
	t.Logf("10 answers beside a dead node took %s", time.Since(started).Round(time.Millisecond))
	s.must(s.client.DeleteNodeBalancerNode(t.Context(), s.balancer.ID, s.config.ID, s.nodes["nobody"]))
}

func (s *site) setMode(label string, mode linodego.NodeMode) {
	s.t.Helper()
	_, err := s.client.UpdateNodeBalancerNode(s.t.Context(), s.balancer.ID, s.config.ID, s.nodes[label],
		linodego.NodeBalancerNodeUpdateOptions{Mode: mode})
	s.must(err)
}

func (s *site) drain(t *testing.T) {
	s = s.with(t)
	for _, mode := range []linodego.NodeMode{linodego.ModeDrain, linodego.ModeReject} {
		s.setMode("one", mode)
		s.until("nobody reaches a node in mode "+string(mode), func() error {
			if by := s.answers(6); by["one"] > 0 {
				return fmt.Errorf("answers %v", by)
			}
			return nil
		})
		s.setMode("one", linodego.ModeAccept)
		s.until("it is reached again", func() error {
			if by := s.answers(6); by["one"] == 0 {
				return fmt.Errorf("answers %v", by)
			}
			return nil
		})
	}
}

func (s *site) restartAPI(t *testing.T) {
	s = s.with(t)
	before := s.settings
	s.must(s.folder.stop(t.Context()))
	if by := s.answers(4); len(by) != 2 {
		t.Errorf("answers %v while the API is away", by)
	}
	s.up()
	if s.settings != before {
		t.Errorf("settings %+v, were %+v", s.settings, before)
	}
	instances, err := s.client.ListInstances(t.Context(), nil)
	s.must(err)
	for _, instance := range instances {
		if instance.Status != linodego.InstanceRunning {
			t.Errorf("%s is %s", instance.Label, instance.Status)
		}
	}
	if len(instances) != 2 {
		t.Errorf("%d instances", len(instances))
	}
	s.both(t)
}

func (s *site) rebuild(t *testing.T) {
	s = s.with(t)
	key, err := os.ReadFile(s.folder.KeyFile() + ".pub")
	s.must(err)
	_, err = s.client.RebuildInstance(t.Context(), s.two.ID, linodego.InstanceRebuildOptions{
		Image: "linode/debian12", RootPass: rand.Text(), AuthorizedKeys: []string{strings.TrimSpace(string(key))},
	})
	s.must(err)
	s.running(s.two.ID)
	if found, err := s.run(s.two, "ls /usr/local/bin; ip -4 -o address show dev eth1 | grep -o '10.0.0.2/24'"); found != "10.0.0.2/24" || err != nil {
		t.Errorf("%q, %v", found, err)
	}
	s.until("the rebuilt node is DOWN", s.has("two", "DOWN"))
}

func (s *site) remove(t *testing.T) {
	s = s.with(t)
	// Frozen machines can be deleted, too.
	hardware, err := Hardware(t.Context(), s.docker, s.folder)
	s.must(err)
	s.must(hardware.Freeze(t.Context(), s.two.ID))
	s.must(s.client.DeleteInstance(t.Context(), s.two.ID))
	s.until("the machine is gone", func() error {
		left, err := machine.List(t.Context(), s.docker, testLab)
		for _, each := range left {
			if each.ID == fmt.Sprint(s.two.ID) {
				err = errors.Join(err, fmt.Errorf("%s is there", each.Name))
			}
		}
		return err
	})
	nodes, err := s.client.ListNodeBalancerNodes(t.Context(), s.balancer.ID, s.config.ID, nil)
	s.must(err)
	if len(nodes) != 1 || nodes[0].Label != "one" {
		t.Errorf("nodes %+v", nodes)
	}
}

// leftovers are what is there when the folder is lost, and when the lab ends.
func (s *site) leftovers(t *testing.T) {
	s = s.with(t)
	s.must(s.folder.stop(t.Context()))
	s.must(s.folder.remove())
	s.up()
	left, err := machine.List(t.Context(), s.docker, testLab)
	s.must(err)
	if len(left) != 1 || left[0].Kind != "public" {
		t.Errorf("a new lab begins with %+v", left)
	}
	s.must(Down(t.Context(), s.docker, s.folder))
	left, err = machine.List(t.Context(), s.docker, testLab)
	s.must(err)
	files, err := os.ReadDir(s.folder.Path)
	s.must(err)
	if len(left) > 0 || len(files) > 0 {
		t.Errorf("left: %+v, %v", left, files)
	}
}
