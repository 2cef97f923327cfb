package galera

import (
	"fmt"
	"maps"
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
	for _, schema := range slices.Sorted(maps.Keys(s.Databases)) {
		steps = append(steps, s.databaseSteps(on, schema, seen)...)
	}
	for _, user := range slices.Sorted(maps.Keys(s.Users)) {
		steps = append(steps, s.userSteps(on, user, seen, status)...)
	}
	for _, user := range slices.Sorted(maps.Keys(s.FormerUsers)) {
		if _, exists := seen.Accounts[user]; exists {
			steps = append(steps, s.stepSQL(on, "drop user "+user, "user "+user+" is no longer declared",
				fmt.Sprintf("DROP USER IF EXISTS %s;\n", account(user, s.FormerUsers[user]))))
		}
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
	if !exists {
		steps = append(steps, s.stepSQL(on, "create user "+user, "user "+user+" is missing", lockedUser(user, wanted)))
	}
	recorded := status.passwordVersion(user)
	if wanted.PasswordVersion != 0 && (!exists || recorded != wanted.PasswordVersion) {
		why := ""
		if exists {
			why = fmt.Sprintf("the password of %s is version %d instead of %d", user, recorded, wanted.PasswordVersion)
		}
		steps = append(steps, s.stepPassword(on, user, why))
	}
	return append(steps, s.grantSteps(on, user, have)...)
}

// lockedUser makes an account that nobody can use until its password is set.
func lockedUser(user string, u User) string {
	return strings.TrimSuffix(createUser(user, u), ";\n") + " ACCOUNT LOCK;\n"
}

// grantSteps grants what is missing and revokes what was not declared.
func (s Spec) grantSteps(on, user string, have Account) []Step {
	wanted := s.Users[user]
	granted := map[string][]string{}
	for _, grant := range have.Grants {
		granted[grant.On] = append(granted[grant.On], grant.Privileges...)
	}
	var steps []Step
	for _, object := range slices.Sorted(maps.Keys(wanted.Grants)) {
		want, got := normalPrivileges(wanted.Grants[object]), normalPrivileges(granted[object])
		if missing := without(want, got); len(missing) > 0 {
			steps = append(steps, s.stepSQL(on, fmt.Sprintf("grant %s on %s to %s", strings.Join(missing, ", "), object, user),
				fmt.Sprintf("user %s lacks %s on %s", user, strings.Join(missing, ", "), object), grantSQL(user, wanted, object, missing)))
		}
	}
	for _, object := range slices.Sorted(maps.Keys(granted)) {
		extra := without(normalPrivileges(granted[object]), normalPrivileges(wanted.Grants[object]))
		if len(extra) > 0 {
			steps = append(steps, s.stepSQL(on, fmt.Sprintf("revoke %s on %s from %s", strings.Join(extra, ", "), object, user),
				fmt.Sprintf("user %s has %s on %s undeclared", user, strings.Join(extra, ", "), object), revokeSQL(user, wanted, object, extra)))
		}
	}
	return steps
}

func without(list, remove []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(remove, p) })
}

// passwordVersion returns the version that was last set, as the first member
// that has a record remembers it.
func (s Status) passwordVersion(user string) int64 {
	for _, name := range s.names() {
		if version, recorded := s.Nodes[name].PasswordVersions[user]; recorded {
			return version
		}
	}
	return 0
}
