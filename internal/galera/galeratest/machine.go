package galeratest

import (
	"errors"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// machine is where the commands for one node arrive. Each file of the simulation
// has those of its concern.
type machine struct {
	*Cluster
	m    *hosttest.Machine
	node *Node
}

func (s *Cluster) handle(m *hosttest.Machine, node *Node) {
	at := machine{s, m, node}
	for _, concern := range []func(){
		at.data, at.sizing, at.config, at.transfers, at.identity, at.drain, at.server, at.databases, at.accounts, at.passwords,
		at.packages, at.member, at.recover, at.recovery, at.changes, at.remove, at.leaves, at.departs, at.arbitrates,
	} {
		concern()
	}
}

// query answers a question, which changes nothing.
func (at machine) query(label string, answer func(args []string) (string, int)) {
	at.m.HandleQuery(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		out, status := answer(c.Args())
		return out, status, ""
	})
}

// file answers a question with the file that its first argument names.
func (at machine) file(label string) {
	at.query(label, func(args []string) (string, int) { return at.m.Files[args[0]].Content, 0 })
}

// asked answers a question to the server, which has to run.
func (at machine) asked(label string, answer func(args []string) string) {
	at.query(label, func(args []string) (string, int) {
		if at.node.Arbitrates || at.node.History == nil && !at.node.Standalone {
			return "", 1
		}
		return answer(args), 0
	})
}

// change carries out a command of the tier.
func (at machine) change(label string, act func(c shell.Command) error) {
	at.m.Handle(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		at.act = at.m.Name + ": " + strings.Join(append([]string{label}, c.Args()...), " ")
		defer func() { at.act = "" }()
		err := act(c)
		var with exit
		switch {
		case errors.As(err, &with):
			return "", with.status, with.said
		case err != nil:
			return "", 1, err.Error()
		}
		return "", 0, ""
	})
}

// exit is an error of a command with a status of its own.
type exit struct {
	status int
	said   string
}

func (e exit) Error() string { return e.said }
