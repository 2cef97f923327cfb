package floatingip

import (
	"net/netip"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// foresee says what an observation tells about a change before it is made. One machine
// is enough to hold the address.
func foresee(spec Spec, status Status) tier.Foresight {
	return tier.Foresight{
		Serving: status.names(Machine.serves),
		Quorum:  1,
		Holders: status.Holders,
		Moves:   spec.Preempt && status.overtaken(spec),

		JoinsFirst: true,
	}
}

// serves reports whether the machine holds the address, or could.
func (m Machine) serves() bool {
	return m.Reachable() && m.Unit.Running() && (!m.Check.Ran || m.Check.Passed)
}

// overtaken reports whether a node may have a higher priority than the holder.
func (s Status) overtaken(spec Spec) bool {
	if len(s.Holders) != 1 {
		return false
	}
	return slices.ContainsFunc(spec.Nodes, func(node host.Node) bool {
		machine, seen := s.Machines[node.Name]
		return spec.priority(node.Name) > spec.priority(s.Holders[0]) && (!seen || machine.serves() || !machine.Unit.Running() && machine.Reachable())
	})
}

// assume takes machines that are exchanged for ones on which nothing is yet, in the
// network that the others are in.
func assume(status Status, nodes []tier.Node) Status {
	like := Machine{}
	for _, name := range status.names(Machine.Reachable) {
		like = status.Machines[name]
	}
	former := map[string]string{}
	for _, node := range nodes {
		if node.Change == tier.Replaced && node.Moved() {
			former[node.Name] = tier.FormerName(node.Name)
		}
	}
	assumed := Status{Machines: tier.Assume(status.Machines, nodes, like.anew)}
	for _, holder := range status.Holders {
		if name, moved := former[holder]; moved {
			holder = name
		}
		if len(assumed.Machines[holder].Addresses) > 0 {
			assumed.Holders = append(assumed.Holders, holder)
		}
	}
	slices.Sort(assumed.Holders)
	return assumed
}

// anew is a machine like this one before anything was done to it, at a node's address.
func (m Machine) anew(node tier.Node) Machine {
	facts := host.Facts{Distribution: m.Facts.Distribution, Version: m.Facts.Version}
	machine := Machine{Facts: facts, Main: OwnedByNobody}
	own, err := netip.ParseAddr(node.Address)
	if err != nil {
		return machine
	}
	for _, held := range m.Addresses {
		at, err := netip.ParseAddr(held.Address)
		if err == nil && netip.PrefixFrom(at, held.Prefix).Masked().Contains(own) {
			machine.Addresses = []Held{{Interface: held.Interface, Address: node.Address, Prefix: held.Prefix}}
			return machine
		}
	}
	return machine
}
