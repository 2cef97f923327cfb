package galera

import (
	"fmt"
	"slices"
	"strings"
)

// contents makes databases and users as they are declared, on one node: they
// replicate.
func (s Spec) contents(status Status) []Step {
	members := status.Members()
	if len(members) == 0 {
		return nil
	}
	on := members[0]
	seen := status.Nodes[on]
	var steps []Step
	if _, exists := seen.Accounts[checkAccount]; !exists {
		steps = append(steps, s.stepSQL(on, "create account "+checkAccount, "the health check's account is missing", createCheckAccount(s.Flavor.engine())))
	}
	for _, schema := range sortedKeys(s.Databases) {
		steps = append(steps, s.databaseSteps(on, schema, seen)...)
	}
	for _, user := range sortedKeys(s.Users) {
		steps = append(steps, s.userSteps(on, user, seen, status)...)
	}
	for _, user := range sortedKeys(s.FormerUsers) {
		if slices.Contains(seen.Former, user) {
			steps = append(steps, s.stepSQL(on, "drop user "+user, "user "+user+" is no longer declared",
				fmt.Sprintf("DROP USER IF EXISTS %s;\n", account(user, s.FormerUsers[user]))))
		}
	}
	if engine := s.Flavor.engine(); engine.startCheck != "" && len(steps) > 0 {
		answering := status.where(func(n NodeStatus) bool { return n.Err == nil })
		steps = append([]Step{stepAwaitChecks(answering, engine)}, steps...)
	}
	return steps
}

func (s Spec) databaseSteps(on, schema string, seen NodeStatus) []Step {
	wanted := s.Databases[schema]
	have, exists := seen.Databases[schema]
	switch {
	case !exists:
		return []Step{s.stepSQL(on, "create database "+schema, "database "+schema+" is missing", createDatabase(schema, wanted))}
	case wanted.Charset != "" && wanted.Charset != have.Charset:
		return []Step{s.stepSQL(on, "alter database "+schema, fmt.Sprintf("database %s has character set %s", schema, have.Charset), alterDatabase(schema, wanted))}
	case wanted.Collation != "" && wanted.Collation != have.Collation:
		return []Step{s.stepSQL(on, "alter database "+schema, fmt.Sprintf("database %s has collation %s", schema, have.Collation), alterDatabase(schema, wanted))}
	}
	return nil
}

func (s Spec) userSteps(on, user string, seen NodeStatus, status Status) []Step {
	wanted := s.Users[user]
	have, exists := seen.Accounts[user]
	var steps []Step
	recorded := status.password(user)
	if !exists {
		steps = append(steps, s.stepCreateUser(on, user, recorded.Version != 0))
	}
	switch {
	case wanted.PasswordVersion == 0:
	case !exists:
		steps = append(steps, s.stepPassword(on, user, ""))
	case recorded.Version != wanted.PasswordVersion:
		steps = append(steps, s.stepPassword(on, user,
			fmt.Sprintf("the password of %s is version %d instead of %d", user, recorded.Version, wanted.PasswordVersion)))
	default:
		for _, node := range status.where(func(n NodeStatus) bool { return n.Err == nil && n.Passwords[user] != recorded }) {
			steps = append(steps, s.stepRemember(node, user, recorded))
		}
	}
	return append(steps, s.grantSteps(on, user, have)...)
}

// lockedUser makes an account that nobody can use until its password is set.
func lockedUser(user string, u User) string {
	return strings.TrimSuffix(createUser(user, u), ";\n") + " ACCOUNT LOCK;\n"
}

// password returns the record of the password that was last set. A node that was
// down then has an older one, so the newest counts.
func (s Status) password(user string) PasswordRecord {
	var newest PasswordRecord
	for _, name := range s.names() {
		if record, found := s.Nodes[name].Passwords[user]; found && record.Set > newest.Set {
			newest = record
		}
	}
	return newest
}
