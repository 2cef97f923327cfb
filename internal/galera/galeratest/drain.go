package galeratest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (at machine) drain() {
	at.query("tier-held", func([]string) (string, int) { return at.m.Files["/run/held"].Content, 0 })
	at.query("tier-drained", func(args []string) (string, int) {
		if strings.TrimSpace(at.m.Files[args[0]].Content) == args[1] {
			return "drained\n", 0
		}
		return "", 0
	})
	at.query("tier-able", func([]string) (string, int) {
		if !at.able() {
			return "", 0
		}
		return at.candidate(), 0
	})
	at.change("tier-drain", func(c shell.Command) error {
		if strings.HasSuffix(c.Args()[0], ".maintenance") {
			at.giveAway()
			return nil
		}
		if _, exists := at.m.Files[c.Args()[0]]; !exists {
			at.m.WriteFile(c.Args()[0], c.Args()[1]+"\n")
		}
		if at.candidates() != nil {
			at.giveAway()
		}
		at.m.RemoveAll("/run/held")
		return nil
	})
	at.change("tier-return", func(c shell.Command) error {
		if strings.TrimSpace(at.m.Files[c.Args()[0]].Content) == c.Args()[1] {
			at.m.RemoveAll(c.Args()[0])
		}
		return nil
	})
}

// able reports whether the check of a floating IP passes on the machine.
func (at machine) able() bool {
	for file := range at.m.Files {
		if strings.HasSuffix(file, ".maintenance") || file == drainPath {
			return false
		}
	}
	return at.node.Synced() && !at.m.Down
}

const drainPath = "/run/terraform-ha/drain"

// floating are the addresses that any machine has.
func (at machine) floating() string {
	all := ""
	for _, name := range at.names {
		all += at.Machines[name].Files["/run/held"].Content
	}
	return all
}

// giveAway moves the addresses of a machine to the first one that is able to have them;
// without one, Keepalived takes them off the machine all the same.
func (at machine) giveAway() {
	held := at.m.Files["/run/held"].Content
	at.m.RemoveAll("/run/held")
	if held == "" {
		return
	}
	for _, name := range at.names {
		other := machine{at.Cluster, at.Machines[name], at.Nodes[name]}
		if other.able() && (at.candidates() == nil || other.candidate() != "") {
			other.m.WriteFile("/run/held", held)
			return
		}
	}
	at.t.Errorf("%s: nobody takes %s", at.act, held)
}
