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
	name     string
	uid, gid int
}

func accountsQuestion() shell.Part {
	return shell.Ask("accounts", `: web-accounts
cut -d: -f1,3,4 /etc/passwd`)
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
	at := slices.IndexFunc(n.accounts, func(a account) bool { return a.name == name })
	if at < 0 {
		return account{}, false
	}
	return n.accounts[at], true
}

// programNumber returns the number that the owner of program files has on machines, or
// is to get there, and refuses what would make another user of a machine their owner.
func programNumber(s Spec, status Status) (int, error) {
	if !s.readOnly() {
		return 0, nil
	}
	number, by := programUID, ""
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		found, exists := seen.accountNamed(programUser)
		if !seen.Reachable() || !exists {
			continue
		}
		if by != "" && found.uid != number {
			return 0, refusedAccount(node.Name, fmt.Sprintf("%s has the number %d on %s and %d on %s", programUser, number, by, found.uid, node.Name))
		}
		number, by = found.uid, node.Name
	}
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		if at := slices.IndexFunc(seen.accounts, func(a account) bool { return a.uid == number && a.name != programUser }); seen.Reachable() && at >= 0 {
			return 0, refusedAccount(node.Name, fmt.Sprintf("the number %d, which %s has or is to get, belongs to %s on %s", number, programUser, seen.accounts[at].name, node.Name))
		}
	}
	return number, nil
}

func refusedAccount(node, evidence string) error {
	return &reconcile.RefusedError{
		What: "give the program files of WordPress an owner of their own", Node: node, Evidence: []string{evidence},
		Remedy: "Give " + programUser + " one number that is free on every machine, and apply again: \"useradd --system --uid <number> --gid " + siteUser +
			" --no-create-home --shell /usr/sbin/nologin " + programUser + "\" where it is missing, \"usermod --uid <number> " + programUser + "\" where it has another one.",
	}
}

// accountPart makes the owner of program files known to a machine.
func accountPart(s Spec, seen NodeStatus, number int) part {
	p := part{title: "add the user " + programUser}
	if !s.readOnly() {
		return p
	}
	if _, exists := seen.accountNamed(programUser); !exists {
		p.whys = []string{"it has no user " + programUser}
	}
	p.do = func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "add the user "+programUser, shell.Script(`: web-add-user
getent passwd "$1" >/dev/null || useradd --system --uid "$2" --gid "$3" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
--comment 'program files of WordPress' -- "$1"`, programUser, strconv.Itoa(number), siteUser))
	}
	return p
}
