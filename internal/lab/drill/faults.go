package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// Hands do to the machines of a site what only somebody beside them can do.
type Hands interface {
	PowerOff(ctx context.Context, nodes ...string) error
	// PowerOn gives power back to all at the same moment and waits until they have booted.
	PowerOn(ctx context.Context, nodes ...string) error
	Reboot(ctx context.Context, node string) error
	Freeze(ctx context.Context, node string) error
	Thaw(ctx context.Context, node string) error
	// Cut cuts nodes off from all others and from the NodeBalancer, silently or with
	// refusals.
	Cut(ctx context.Context, reject bool, nodes ...string) error
	Heal(ctx context.Context) error
	FillDisk(ctx context.Context, node, path string) error
	FreeDisk(ctx context.Context, node, path string) error
	// Run runs a script as root on a node.
	Run(ctx context.Context, node, script string, args ...string) (string, error)
	// Apply applies the configuration with variables in place of its own.
	Apply(ctx context.Context, variables map[string]string) error
}

// Scene is the site that a fault is about.
type Scene struct {
	Site  website.Site
	Hands Hands
	// Victims are the nodes that the fault hits.
	Victims []string
}

// each does something to all victims, one after the other.
func (s Scene) each(do func(node string) error) error {
	for _, node := range s.Victims {
		if err := do(node); err != nil {
			return err
		}
	}
	return nil
}

// Victims says which nodes a fault hits.
type Victims int

// Which nodes of its tier a fault hits.
const (
	// OneNode is any node; of the databases one that does not have the address.
	OneNode Victims = iota
	// TheHolder is the database that has the address.
	TheHolder
	// AllNodes are all nodes of the tier, or of the site where the fault has no tier.
	AllNodes
	// OneOfEach is a node of each tier.
	OneOfEach
	// NoNode is no node at all.
	NoNode
)

// Fault is one thing that can go wrong.
type Fault struct {
	// Name is in lower case with hyphens.
	Name string
	// Tier is the tier that is hit. Empty for the whole site.
	Tier website.Tier
	// Hits says which nodes of it.
	Hits Victims
	// What is what happens, and Undo how that ends, as predicates for a table.
	What, Undo string
	// Hold is how long it lasts before it is undone.
	Hold time.Duration
	// Inject breaks something, and Restore undoes it; nil where the fault needs no undoing.
	Inject, Restore func(ctx context.Context, s Scene) error
	// Promise is what holds meanwhile and afterwards.
	Promise Promise
}

// Faults returns the table of all faults.
func Faults() []Fault {
	return slices.Concat([]Fault{Steady(stall)}, processFaults(), machineFaults(), networkFaults(), diskFaults(), outages(), changes())
}

// Steady is no fault at all: the site has to keep its promises for a time. Any tool that
// measures needs that to be believed.
func Steady(long time.Duration) Fault {
	return Fault{
		Name: "steady", Hits: NoNode, Hold: long, What: "nothing is broken", Undo: "with the time",
		Promise: Promise{Limits: limits(limit(3, 0), limit(6, 0), limit(3, 0), limit(3, 0), limit(3, 0)), Health: 10 * time.Second},
	}
}

// Choose returns the faults of some names, in the order of the table; all where there are
// no names.
func Choose(names []string) ([]Fault, error) {
	all := Faults()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []Fault
	for _, fault := range all {
		if slices.Contains(names, fault.Name) {
			chosen = append(chosen, fault)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(f Fault) bool { return f.Name == name }) {
			return nil, fmt.Errorf("there is no fault %q", name)
		}
	}
	return chosen, nil
}

// impossibleError says that a fault cannot be made on this site.
type impossibleError struct{ error }

// victims returns the nodes that a fault hits on a site; pick chooses where there is a
// choice.
func (f Fault) victims(ctx context.Context, site website.Site, pick uint64) ([]string, error) {
	nodes := site.Nodes[f.Tier]
	switch f.Hits {
	case AllNodes:
		if f.Tier == "" {
			return site.All(), nil
		}
		return nodes, nil
	case OneOfEach:
		var side []string
		for _, tier := range website.Tiers() {
			if all := site.Nodes[tier]; len(all) > 0 {
				side = append(side, all[pick%uint64(len(all))])
			}
		}
		return side, nil
	case NoNode:
		return nil, nil
	case OneNode, TheHolder:
	}
	if f.Tier == website.Databases {
		holders, err := site.Holders(ctx)
		if err != nil || len(holders) != 1 {
			return nil, fmt.Errorf("cannot tell which database has the address: it is on %v: %w", holders, err)
		}
		if f.Hits == TheHolder {
			return holders, nil
		}
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return node == holders[0] })
	}
	if len(nodes) == 0 {
		return nil, impossibleError{fmt.Errorf("there is no node of %s", f.Tier)}
	}
	return nodes[pick%uint64(len(nodes)):][:1], nil
}

// limits are what is promised to clients of each group; the gaps are in seconds.
func limits(pages, authors, rows, kept, files Limit) map[Group]Limit {
	return map[Group]Limit{GroupPages: pages, GroupAuthors: authors, GroupRows: rows, GroupKept: kept, GroupFiles: files}
}

func limit(seconds, failed int) Limit {
	return Limit{Gap: time.Duration(seconds) * time.Second, Failed: failed}
}

// What is promised while one node of a tier is lost: about twice what a drill of a computer
// with two processors has measured. Visitors and clients with new connections come at their
// intervals whatever becomes of the ones before, so that a site that is away for some seconds
// fails several of them.
func holderLost() map[Group]Limit {
	return limits(limit(5, 20), limit(15, 5), limit(5, 30), limit(8, 10), limit(3, 0))
}

// planned is for changes that an apply leads: no request fails, but that a connection which
// is kept breaks when the address moves, once in each of the two applies.
func planned() map[Group]Limit {
	return limits(limit(5, 0), limit(15, 0), limit(5, 0), limit(8, 2), limit(3, 0))
}

func databaseLost() map[Group]Limit {
	return limits(limit(5, 10), limit(15, 5), limit(5, 20), limit(8, 10), limit(3, 0))
}

// unnoticed is for what the site does without for a while: a Keepalived that has no address, the
// management daemon and the healing of a file server whose brick serves.
func unnoticed() map[Group]Limit {
	return limits(limit(4, 0), limit(10, 0), limit(3, 0), limit(3, 0), limit(3, 0))
}

// fileServerHung is for a file server that answers nothing while its kernel acknowledges what
// is sent to it: only the ping timeout tells.
func fileServerHung() map[Group]Limit {
	return limits(limit(25, 100), limit(30, 15), limit(3, 0), limit(3, 0), limit(25, 0))
}

// fileServerGone is for a file server that does not even acknowledge: the kernels of its clients
// give the connection up.
func fileServerGone() map[Group]Limit {
	return limits(limit(20, 40), limit(25, 10), limit(3, 0), limit(3, 0), limit(15, 0))
}

// fileServerLeft is for a file server whose connections end in order.
func fileServerLeft() map[Group]Limit {
	return limits(limit(5, 20), limit(15, 5), limit(3, 0), limit(3, 0), limit(5, 0))
}

func webServerLost() map[Group]Limit {
	return limits(limit(5, 30), limit(20, 5), limit(3, 0), limit(3, 0), limit(3, 0))
}

// lost returns the limits while one node of a tier is lost.
func lost(tier website.Tier, hits Victims) map[Group]Limit {
	switch {
	case tier == website.Files:
		return fileServerGone()
	case tier == website.Web:
		return webServerLost()
	case hits == TheHolder:
		return holderLost()
	}
	return databaseLost()
}
