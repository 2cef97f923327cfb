package floatingip

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// refuse returns why nothing may be done, or nil.
func refuse(spec Spec, status Status) error {
	if err := refuseBlindChange(spec, status); err != nil {
		return err
	}
	if err := refuseTaken(spec, status); err != nil {
		return err
	}
	for _, node := range sortedNodes(spec.Nodes) {
		machine, seen := status.Machines[node.Name]
		if !seen || !machine.Reachable() {
			continue
		}
		if err := machine.Facts.Supported(node.Name); err != nil {
			return err
		}
		for _, check := range []func(Spec, host.Node, Machine) *reconcile.RefusedError{refuseForeign, refuseNetwork, refuseSharedID} {
			if err := check(spec, node, machine); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuseBlindChange keeps machines that answer from drifting apart from one
// that does not: it would go on with its old configuration, and machines whose
// instances differ do not hear each other, so two would hold the address. How the
// machines check themselves may differ.
func refuseBlindChange(spec Spec, status Status) error {
	unreachable := status.Unreachable()
	if len(unreachable) == 0 || len(status.Holders) > 1 {
		// With two holders they have drifted apart already, and a change can end that.
		return nil
	}
	var evidence []string
	for _, name := range unreachable {
		evidence = append(evidence, fmt.Sprintf("%s does not answer: %v", name, status.Machines[name].Err))
	}
	remedy := "Bring the machine back and apply again."
	ours := status.names(func(m Machine) bool { return m.Ours(spec.Name) })
	if len(ours) == 0 {
		return &reconcile.RefusedError{What: "set up floating IP " + spec.ip(), Evidence: evidence, Remedy: remedy}
	}
	c := comparison{spec: spec, status: status}
	for _, node := range sortedNodes(spec.Nodes) {
		machine, seen := status.Machines[node.Name]
		if !seen || !machine.Reachable() || !machine.Files[instancePath(spec.Name)].Exists {
			continue
		}
		file := instanceFile(c.valuesFor(node))
		if difference := file.Difference(machine.Files[file.Path]); difference != "" && machine.Sent != sentBy(file) {
			evidence = append(evidence, fmt.Sprintf("on %s %s", node.Name, difference))
			return &reconcile.RefusedError{
				What:     "change the configuration of floating IP " + spec.ip() + " on some of its machines",
				Evidence: append(evidence, "with different configurations two machines could hold the address"),
				Remedy:   remedy,
			}
		}
	}
	return nil
}

// refuseTaken keeps the floating IP from an address that somebody else has. Once a
// machine is part of it, that somebody may be its own holder.
func refuseTaken(spec Spec, status Status) error {
	if spec.Adopt || len(status.Holders) > 0 || len(status.names(func(m Machine) bool { return m.Ours(spec.Name) })) > 0 {
		return nil
	}
	taken := status.names(func(m Machine) bool { return m.TakenBy != "" })
	if len(taken) == 0 {
		return nil
	}
	seen := status.Machines[taken[0]]
	return &reconcile.RefusedError{
		What:     "set up floating IP " + spec.ip(),
		Evidence: []string{fmt.Sprintf("%s answers at %s, seen from %s on %s, and is none of the nodes", seen.TakenBy, spec.ip(), taken[0], seen.SeenOn)},
		Remedy:   "Choose another address, or take it from the machine that has it.",
		Path:     at("address"),
	}
}

func refuseForeign(spec Spec, node host.Node, machine Machine) *reconcile.RefusedError {
	if spec.Adopt {
		return nil
	}
	if machine.Main == OwnedByOthers {
		return &reconcile.RefusedError{
			What: "replace " + mainPath, Node: node.Name,
			Evidence: []string{"it was not written by this provider"},
			Remedy:   "This release takes over no configuration of somebody else's. Move it away on the machine if nothing needs it.",
		}
	}
	if held := machine.held(spec.ips()); len(held) > 0 && !machine.Ours(spec.Name) {
		return &reconcile.RefusedError{
			What: "set up floating IP " + spec.ip(), Node: node.Name,
			Evidence: []string{fmt.Sprintf("%s has %s already, and no configuration of this floating IP", machine.interfaceOf(held[0]), held[0])},
			Remedy:   "Choose another address, or remove it from the machine.",
			Path:     at("address"),
		}
	}
	return nil
}

// refuseNetwork makes sure that VRRP can be spoken: from the node's address, on
// the interface of the floating IP.
func refuseNetwork(spec Spec, node host.Node, machine Machine) *reconcile.RefusedError {
	found := machine.interfaceOf(node.Address)
	if found != "" && (spec.Interface == "" || found == spec.Interface) {
		return nil
	}
	var has []string
	for _, held := range machine.Addresses {
		if held.Interface != "lo" {
			has = append(has, fmt.Sprintf("%s on %s", held.Address, held.Interface))
		}
	}
	evidence := fmt.Sprintf("it does not have the address %s", node.Address)
	remedy := fmt.Sprintf("Correct nodes[%q].address, or attach the machine to the network of the floating IP, which on Linode is a VLAN.", node.Name)
	path := at("nodes", node.Name, "address")
	if found != "" {
		evidence = fmt.Sprintf("%s is on %s, not on %s", node.Address, found, spec.Interface)
		remedy = fmt.Sprintf("Correct interface, or leave it out to take the one that has nodes[%q].address.", node.Name)
		path = at("interface")
	}
	if len(has) == 0 {
		has = []string{"no other"}
	}
	return &reconcile.RefusedError{
		What: "set up floating IP " + spec.ip(), Node: node.Name,
		Evidence: []string{evidence, "it has " + strings.Join(has, ", ")},
		Remedy:   remedy,
		Path:     path,
	}
}

func refuseSharedID(spec Spec, node host.Node, machine Machine) *reconcile.RefusedError {
	networkInterface := comparison{spec: spec, status: Status{Machines: map[string]Machine{node.Name: machine}}}.interfaceOf(node)
	other := slices.IndexFunc(machine.Others, func(i Instance) bool {
		return i.RouterID == spec.RouterID && i.Interface == networkInterface
	})
	if other < 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "set up floating IP " + spec.ip(), Node: node.Name,
		Evidence: []string{fmt.Sprintf("virtual router id %d on %s is taken by %s", spec.RouterID, networkInterface, path.Base(machine.Others[other].File))},
		Remedy:   "Set router_id to a number that no other floating IP in this network has.",
		Path:     at("router_id"),
	}
}
