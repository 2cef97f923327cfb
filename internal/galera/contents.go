package galera

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// contents makes databases and users as they are declared, on one node: they
// replicate. Together with an error there can be steps that are not concerned.
func (s Spec) contents(status Status) ([]Step, error) {
	members := status.Members()
	if len(members) == 0 {
		return nil, nil
	}
	members = slices.DeleteFunc(members, func(name string) bool { return !status.Nodes[name].AccountsRead })
	if len(members) == 0 {
		return nil, &reconcile.RefusedError{
			What: "compare databases and users", Evidence: append(status.hindrances(), status.table()...),
			Remedy: "No member let its accounts be read within some seconds. Look at the load of the servers and at the variables above, and apply again.",
		}
	}
	on := members[0]
	writable := slices.IndexFunc(members, func(name string) bool { return !status.Nodes[name].Wsrep.refusesChanges() })
	if writable >= 0 {
		on = members[writable]
	}
	steps, err := s.contentsOn(on, status)
	if len(steps) > 0 && writable < 0 {
		return nil, &reconcile.RefusedError{
			What: "change databases and users", Evidence: append(status.hindrances(), "the first change would be to "+steps[0].Title),
			Remedy: "No member takes changes. Set the variable back on one of them, as in SET GLOBAL wsrep_reject_queries = NONE, and apply again.",
		}
	}
	if engine := s.Flavor.engine(); engine.startCheck != "" && len(steps) > 0 {
		answering := status.where(func(n NodeStatus) bool { return n.Err == nil })
		steps = append([]Step{stepAwaitChecks(answering, engine)}, steps...)
	}
	return steps, err
}

func (s Spec) contentsOn(on string, status Status) (steps []Step, refusal error) {
	seen := status.Nodes[on]
	check, exists := seen.Accounts[checkLogin()]
	switch engine := s.Flavor.engine(); {
	case !exists:
		steps = append(steps, s.stepSQL(on, "create account "+checkAccount, "the health check's account is missing", createCheckAccount(engine)))
	case !check.has(engine.alwaysConnects):
		steps = append(steps, s.stepSQL(on, "let "+checkAccount+" into a full server", "the health check's account has no place in a full server", createCheckAccount(engine)))
	}
	for _, schema := range sortedKeys(s.Databases) {
		steps = append(steps, s.databaseSteps(on, schema, seen)...)
	}
	if err := s.refuseRestrictions(on, seen); err != nil {
		return steps, err
	}
	for _, login := range sortedLogins(s.accounts()) {
		steps = append(steps, s.userSteps(on, login, seen, status)...)
		grants, err := s.grantSteps(on, login, seen.Accounts[login], seen)
		if err != nil && refusal == nil {
			refusal = err
		}
		steps = append(steps, grants...)
	}
	steps = append(steps, s.stepsAgainstProxies(status)...)
	for _, login := range s.formerAccounts() {
		if _, exists := seen.Accounts[login]; exists {
			steps = append(steps, s.stepSQL(on, "drop user "+login.String(), "user "+login.String()+" is no longer declared", dropUser(login)))
		}
	}
	return steps, refusal
}
