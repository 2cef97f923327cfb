package galera

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// PasswordRecord says which version of a password was set, and when.
type PasswordRecord struct {
	Version int64
	// Set is in nanoseconds since 1970, by the clock of the one who set it.
	Set int64
}

// recordsPath is the file that remembers which version of each password is set.
func recordsPath(cluster string) string {
	return strings.TrimSuffix(markerPath(cluster), ".json") + ".passwords"
}

var recordsScript = shell.Embedded(scripts, "password-versions")

func askPasswords(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("versions", recordsScript, recordsPath(spec.Name))}}
}

func readPasswords(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Passwords = parsePasswords(answers.Parts["versions"].Out)
}

func parsePasswords(out string) map[string]PasswordRecord {
	records := map[string]PasswordRecord{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		version, errVersion := strconv.ParseInt(fields[1], 10, 64)
		set, errSet := strconv.ParseInt(fields[2], 10, 64)
		if errVersion == nil && errSet == nil {
			records[fields[0]] = PasswordRecord{Version: version, Set: set}
		}
	}
	return records
}

// password returns the record of the password that was last set. A node that was
// down then has an older one, so the newest counts.
func (s Status) password(login Login) PasswordRecord {
	var newest PasswordRecord
	for _, name := range s.names() {
		if record, found := s.Nodes[name].Passwords[login.String()]; found && record.Set > newest.Set {
			newest = record
		}
	}
	return newest
}

// planPasswords gives new machines the records before the last one leaves that has them:
// as long as there is no declared member, nothing is compared with the accounts.
func planPasswords(d *draft) error {
	if len(d.spec.Leaving) == 0 || len(d.declared.Members()) > 0 {
		return nil
	}
	for _, login := range sortedLogins(declaredAccounts(d.spec)) {
		recorded := d.status.password(login)
		for _, node := range d.declared.where(func(n NodeStatus) bool { return n.Err == nil && n.Passwords[login.String()] != recorded }) {
			d.prepare.On(node, stepRemember(node, recordsPath(d.spec.Name), login, recorded))
		}
	}
	return nil
}

// passwordSteps set the password of an account that is new or has another version
// of it, and give nodes the record that they missed.
func passwordSteps(d *draft, login Login, user User, exists bool) []Step {
	at, records := d.changes.at, recordsPath(d.spec.Name)
	recorded := d.status.password(login)
	switch {
	case user.PasswordVersion == 0:
		return nil
	case !exists:
		return []Step{stepPassword(at, records, login, user, "")}
	case recorded.Version != user.PasswordVersion:
		return []Step{stepPassword(at, records, login, user,
			fmt.Sprintf("the password of %s is version %d instead of %d", login, recorded.Version, user.PasswordVersion))}
	}
	var steps []Step
	for _, node := range d.declared.where(func(n NodeStatus) bool { return n.Err == nil && n.Passwords[login.String()] != recorded }) {
		steps = append(steps, stepRemember(node, records, login, recorded))
	}
	return steps
}

// stepPassword sets a password on one node, where it replicates, and then
// remembers its version on every node.
func stepPassword(at writer, records string, login Login, user User, why string) Step {
	return Step{Node: at.node, Title: "set password of " + login.String(), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if user.Password == "" {
				return fmt.Errorf("no password is given for user %s; set users[%q].password_wo", login, login.Name)
			}
			if err := runSQL(ctx, hosts[at.node], at.engine, setPassword(login, at.engine.identified(user.Password))); err != nil {
				return err
			}
			return rememberEverywhere(ctx, hosts, at.nodes, records, login, user.PasswordVersion)
		}}
}

func setPassword(login Login, identified string) string {
	return fmt.Sprintf("ALTER USER %s %s ACCOUNT UNLOCK;\n", account(login), identified)
}

// rememberEverywhere gives every node that answers the record of a password that
// was set now, or of none with version 0.
func rememberEverywhere(ctx context.Context, hosts host.Hosts, nodes []string, records string, login Login, version int64) error {
	record := PasswordRecord{Version: version, Set: time.Now().UnixNano()}
	for _, name := range nodes {
		if hosts[name] == nil {
			continue
		}
		if err := remember(ctx, hosts[name], records, login, record); err != nil && !host.IsUnreachable(err) {
			return err
		}
	}
	return nil
}

// stepRemember gives a node the record that it missed. That is bookkeeping and no
// difference of the cluster, so there is nothing to tell.
func stepRemember(node, records string, login Login, record PasswordRecord) Step {
	return Step{Node: node, Title: "remember the version of the password of " + login.String(),
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return remember(ctx, hosts[node], records, login, record)
		}}
}

// recordLimit is the time that a machine has to keep a record: all get it, also
// those that nothing else is asked of.
const recordLimit = 30 * time.Second

var rememberScript = shell.Embedded(scripts, "remember-password-version")

func remember(ctx context.Context, node *host.Host, records string, login Login, record PasswordRecord) error {
	command := shell.Script(rememberScript, records, login.String(), strconv.FormatInt(record.Version, 10), strconv.FormatInt(record.Set, 10))
	_, err := node.Run(ctx, command.WithLimit(recordLimit))
	return err
}
