package floatingip

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	addressesScript = shell.Embedded(scripts, "addresses")
	othersScript    = shell.Embedded(scripts, "others")
)

func askAddresses() shell.Part { return shell.Ask("addresses", addressesScript) }

func askNetwork(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{askAddresses(), shell.Ask("others", othersScript, instancePath(spec.Name))}}
}

func readNetwork(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	addresses, err := parseAddresses(answers.Parts["addresses"].Out)
	if err != nil {
		seen.Err = err
	}
	seen.Addresses, seen.Hardware = addresses, parseHardware(answers.Parts["addresses"].Out)
	seen.Others = parseInstances(answers.Parts.Lines("others"))
}

// parseAddresses reads the output of "ip -j address show".
func parseAddresses(text string) ([]Held, error) {
	var links []struct {
		Name      string `json:"ifname"`
		Addresses []struct {
			Family string `json:"family"`
			Local  string `json:"local"`
			Prefix int    `json:"prefixlen"`
		} `json:"addr_info"`
	}
	if err := json.Unmarshal([]byte(text), &links); err != nil {
		return nil, fmt.Errorf("cannot read the machine's addresses: %w", err)
	}
	var held []Held
	for _, link := range links {
		for _, address := range link.Addresses {
			if address.Family == "inet" {
				held = append(held, Held{Interface: link.Name, Address: address.Local, Prefix: address.Prefix})
			}
		}
	}
	return held, nil
}

// parseHardware returns the hardware addresses in the same output.
func parseHardware(text string) []string {
	var links []struct {
		Hardware string `json:"address"`
	}
	if json.Unmarshal([]byte(text), &links) != nil {
		return nil
	}
	var found []string
	for _, link := range links {
		if link.Hardware != "" {
			found = append(found, link.Hardware)
		}
	}
	return found
}

func parseInstances(lines []string) []Instance {
	var instances []Instance
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		if id, err := strconv.Atoi(fields[2]); err == nil {
			instances = append(instances, Instance{File: fields[0], Interface: fields[1], RouterID: id})
		}
	}
	return instances
}

// interfaceOf returns the interface that has an address.
func (m Machine) interfaceOf(address string) string {
	for _, held := range m.Addresses {
		if held.Address == address {
			return held.Interface
		}
	}
	return ""
}

func (m Machine) holds(address string) bool { return m.interfaceOf(address) != "" }

// held returns those of some addresses that the machine has, in their order.
func (m Machine) held(addresses []string) []string {
	var held []string
	for _, address := range addresses {
		if m.holds(address) {
			held = append(held, address)
		}
	}
	return held
}

// lacks returns what a machine does not have of addresses that move together.
func (m Machine) lacks(addresses []string) []string {
	var lacking []string
	for _, address := range addresses {
		if !m.holds(address) {
			lacking = append(lacking, address)
		}
	}
	return lacking
}

// interfaceOf returns the interface of the floating IP on a node.
func (d *draft) interfaceOf(node host.Node) string {
	if d.spec.Interface != "" {
		return d.spec.Interface
	}
	return d.machine(node).interfaceOf(node.Address)
}

// refuseNetwork makes sure that VRRP can be spoken: from the node's address, on
// the interface of the floating IP, with a router id of its own.
func refuseNetwork(d *draft) error {
	for _, node := range d.nodes() {
		if err := refuseUnattached(d, node); err != nil {
			return err
		}
		if err := refuseSharedID(d, node); err != nil {
			return err
		}
	}
	return nil
}

func refuseUnattached(d *draft, node host.Node) error {
	found := d.machine(node).interfaceOf(node.Address)
	if found != "" && (d.spec.Interface == "" || found == d.spec.Interface) {
		return nil
	}
	var has []string
	for _, held := range d.machine(node).Addresses {
		if held.Interface != "lo" {
			has = append(has, fmt.Sprintf("%s on %s", held.Address, held.Interface))
		}
	}
	if len(has) == 0 {
		has = []string{"no other"}
	}
	refused := &reconcile.RefusedError{
		What: "set up floating IP " + d.spec.ip(), Node: node.Name,
		Evidence: []string{fmt.Sprintf("it does not have the address %s", node.Address), "it has " + strings.Join(has, ", ")},
		Remedy:   fmt.Sprintf("Correct nodes[%q].address, or attach the machine to the network of the floating IP, which on Linode is a VLAN.", node.Name),
		Path:     tier.At("nodes", node.Name, "address"),
	}
	if found != "" {
		refused.Evidence[0] = fmt.Sprintf("%s is on %s, not on %s", node.Address, found, d.spec.Interface)
		refused.Remedy = fmt.Sprintf("Correct interface, or leave it out to take the one that has nodes[%q].address.", node.Name)
		refused.Path = tier.At("interface")
	}
	return refused
}

func refuseSharedID(d *draft, node host.Node) error {
	others := d.machine(node).Others
	other := slices.IndexFunc(others, func(i Instance) bool {
		return i.RouterID == d.spec.RouterID && i.Interface == d.interfaceOf(node)
	})
	if other < 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "set up floating IP " + d.spec.ip(), Node: node.Name,
		Evidence: []string{fmt.Sprintf("virtual router id %d on %s is taken by %s", d.spec.RouterID, d.interfaceOf(node), path.Base(others[other].File))},
		Remedy:   "Set router_id to a number that no other floating IP in this network has.",
		Path:     tier.At("router_id"),
	}
}
