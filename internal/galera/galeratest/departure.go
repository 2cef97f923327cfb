package galeratest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// candidatePath is there on the machines of a floating IP, with its addresses. Where it
// is nowhere, every machine is one.
const candidatePath = "/run/candidate"

func (at machine) departs() {
	at.query("tier-candidate", func([]string) (string, int) { return at.candidate(), 0 })
	at.m.HandleQuery("galera-may-depart", func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		least, err := strconv.Atoi(c.Args()[2])
		if err != nil {
			at.t.Errorf("%s: %v", c, err)
		}
		if h := at.node.History; h == nil || at.node.NonPrimary || len(h.Members) > least {
			return "", 0, ""
		}
		return "", 1, "too few members"
	})
}

// candidates are the machines of the floating IP; nil where no test says which.
func (s *Cluster) candidates() []string {
	var names []string
	for _, name := range s.names {
		if _, found := s.Machines[name].Files[candidatePath]; found {
			names = append(names, name)
		}
	}
	return names
}

// candidate are the addresses that the machine may have.
func (at machine) candidate() string {
	if at.candidates() == nil {
		return at.floating()
	}
	return at.m.Files[candidatePath].Content
}

// Float sets a floating IP up on machines, the first of which holds it. The others let
// go of it; the programs by which the cluster lets go of their machines run then.
func (s *Cluster) Float(address string, names ...string) error {
	before := s.candidates()
	for _, name := range names {
		s.Machines[name].WriteFile(candidatePath, address+"\n")
	}
	s.hold(address, names[0])
	for _, name := range before {
		if slices.Contains(names, name) {
			continue
		}
		s.Machines[name].RemoveAll(candidatePath)
		if err := s.LetGo(name); err != nil {
			return err
		}
	}
	return nil
}

// hold has one machine have the address.
func (s *Cluster) hold(address, holder string) {
	for _, name := range s.names {
		s.Machines[name].RemoveAll("/run/held")
	}
	s.Machines[holder].WriteFile("/run/held", address+"\n")
}

// LetGo runs the programs by which clusters let go of a machine, as a floating IP does.
func (s *Cluster) LetGo(name string) error {
	m := s.Machines[name]
	for file, state := range m.Files {
		if !strings.HasSuffix(file, ".departure") {
			continue
		}
		s.act = name + ": " + file
		for _, command := range commandsIn(state.Content) {
			parsed, err := shell.ParseLine(command)
			if err != nil {
				s.t.Errorf("%s: %v", file, err)
			}
			if _, status, stderr := m.Call(parsed); status != 0 {
				return fmt.Errorf("%s ended with status %d: %s", file, status, stderr)
			}
		}
		s.act = ""
	}
	return nil
}

// commandsIn are the commands of a program, each of which begins like any command of
// ours.
func commandsIn(program string) []string {
	_, rest, _ := strings.Cut(program, "\nset -e\n")
	var commands []string
	for i, command := range strings.Split("\n"+strings.TrimSuffix(rest, "\n"), "\nenv 'LC_ALL=C' ") {
		if i > 0 {
			commands = append(commands, "env 'LC_ALL=C' "+command)
		}
	}
	return commands
}
