package galera

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// changes are the changes of databases and accounts. They are made on one member,
// because they replicate.
type changes struct {
	at writer
	// takes says that the member takes changes.
	takes bool
	steps []Step
	// refused is why some of what is declared cannot be made; the rest is not
	// concerned.
	refused error
}

// writer is the member with which databases and accounts are compared; its node is
// empty if there is none.
type writer struct {
	engine engine
	node   string
	seen   NodeStatus
	// nodes are all that are declared.
	nodes []string
}

// step changes something on the member, where it replicates.
func (w writer) step(title, why, statements string) Step {
	return stepSQL(w.engine, w.node, title, why, statements)
}

func (c *changes) add(steps ...Step) {
	if c.at.node != "" {
		c.steps = append(c.steps, steps...)
	}
}

func (c *changes) refuse(err error) {
	if c.refused == nil {
		c.refused = err
	}
}

// changesOf chooses the member: the first that takes changes, or else the first.
func changesOf(spec Spec, status Status) changes {
	c := changes{at: writer{engine: spec.engine(), nodes: spec.names()}}
	members := slices.DeleteFunc(status.Members(), func(name string) bool { return !status.Nodes[name].AccountsRead })
	if len(members) == 0 {
		return c
	}
	c.at.node = members[0]
	if writable := slices.IndexFunc(members, func(name string) bool { return !status.Nodes[name].Wsrep.refusesChanges() }); writable >= 0 {
		c.at.node, c.takes = members[writable], true
	}
	c.at.seen = status.Nodes[c.at.node]
	return c
}

// planContents plans the changes that databases and accounts have come up with.
func planContents(d *draft) error {
	c := d.changes
	switch {
	case len(d.declared.Members()) == 0:
		return nil
	case c.at.node == "":
		d.refuse(&reconcile.RefusedError{
			What: "compare databases and users", Evidence: append(d.status.hindrances(), d.status.table()...),
			Remedy: "No member let its accounts be read within some seconds. Look at the load of the servers and at the variables above, and apply again.",
		})
		return nil
	case len(c.steps) > 0 && !c.takes:
		d.refuse(&reconcile.RefusedError{
			What: "change databases and users", Evidence: append(d.status.hindrances(), "the first change would be to "+c.steps[0].Title),
			Remedy: "No member takes changes. Set the variable back on one of them, as in SET GLOBAL wsrep_reject_queries = NONE, and apply again.",
		})
		return nil
	}
	if d.engine.startCheck != "" && len(c.steps) > 0 {
		d.contents.InOrder(stepAwaitChecks(d.declared.where(NodeStatus.answers), d.engine))
	}
	d.contents.InOrder(c.steps...)
	if c.refused != nil {
		d.refuse(c.refused)
	}
	return nil
}
