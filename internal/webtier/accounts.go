package webtier

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// programUser owns the program files that pages may not write. No service runs as it
// but the updates. Its number has to be the same on all machines, because a volume
// knows users by number; programUID is one that Debian gives to nobody by itself soon:
// adduser counts up from 100, systemd down from 999.
const (
	programUser = "wordpress-files"
	programUID  = 617
)

// account is a line of /etc/passwd.
type account struct {
	Name     string
	UID, GID int
}

var accountsScript = shell.Embedded(scripts, "accounts")

func askAccounts(s Spec, _ string) tier.Questions {
	if !s.readOnly() {
		return tier.Questions{}
	}
	return tier.Questions{Parts: []shell.Part{shell.Ask("accounts", accountsScript)}}
}

func readAccounts(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Accounts = parseAccounts(answers.Parts.Lines("accounts"))
}

func parseAccounts(lines []string) []account {
	var accounts []account
	for _, line := range lines {
		words := strings.Split(line, ":")
		if len(words) != 3 {
			continue
		}
		uid, err := strconv.Atoi(words[1])
		gid, other := strconv.Atoi(words[2])
		if err == nil && other == nil {
			accounts = append(accounts, account{words[0], uid, gid})
		}
	}
	return accounts
}

func (n NodeStatus) accountNamed(name string) (account, bool) {
	at := slices.IndexFunc(n.Accounts, func(a account) bool { return a.Name == name })
	if at < 0 {
		return account{}, false
	}
	return n.Accounts[at], true
}

// programNumber returns the number that the owner of program files has on machines, or
// is to get there; 0 where pages own them.
func (d *draft) programNumber() int {
	if !d.spec.readOnly() {
		return 0
	}
	for _, m := range d.machines {
		if found, exists := m.seen.accountNamed(programUser); exists {
			return found.UID
		}
	}
	return programUID
}

// refuseAccounts refuses what would make another user of a machine the owner of
// program files.
func refuseAccounts(d *draft) error {
	if !d.spec.readOnly() {
		return nil
	}
	number, by := d.programNumber(), ""
	for _, m := range d.machines {
		found, exists := m.seen.accountNamed(programUser)
		if !exists {
			continue
		}
		if found.UID != number {
			return refusedAccount(m.node.Name, fmt.Sprintf("%s has the number %d on %s and %d on %s", programUser, number, by, found.UID, m.node.Name))
		}
		by = m.node.Name
	}
	for _, m := range d.machines {
		at := slices.IndexFunc(m.seen.Accounts, func(a account) bool { return a.UID == number && a.Name != programUser })
		if at >= 0 {
			return refusedAccount(m.node.Name, fmt.Sprintf("the number %d, which %s has or is to get, belongs to %s on %s", number, programUser, m.seen.Accounts[at].Name, m.node.Name))
		}
	}
	return nil
}

func refusedAccount(node, evidence string) error {
	return &reconcile.RefusedError{
		What: "give the program files of WordPress an owner of their own", Node: node, Evidence: []string{evidence},
		Remedy: "Give " + programUser + " one number that is free on every machine, and apply again: \"useradd --system --uid <number> --gid " + siteUser +
			" --no-create-home --shell /usr/sbin/nologin " + programUser + "\" where it is missing, \"usermod --uid <number> " + programUser + "\" where it has another one.",
	}
}

// planAccount makes the owner of program files known to a machine.
func planAccount(d *draft, m *machine) {
	if !d.spec.readOnly() {
		return
	}
	p := part{title: "add the user " + programUser, do: addUser(d.programNumber())}
	if _, exists := m.seen.accountNamed(programUser); !exists {
		p.reasons = []string{"it has no user " + programUser}
	}
	m.add(p)
}

var addUserScript = shell.Embedded(scripts, "add-user")

func addUser(number int) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "add the user "+programUser, shell.Script(addUserScript, programUser, strconv.Itoa(number), siteUser))
	}
}
