package floatingip

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func firewallPath(name string) string { return "/etc/terraform-ha/vrrp/" + name + ".nft" }

// nftablesDropInPath is beside the drop-in of [host.Firewall], which other tiers have.
const nftablesDropInPath = "/etc/systemd/system/nftables.service.d/terraform-ha-vrrp.conf"

// tableName is the packet filter's table. Names have no underscore, so two
// floating IPs cannot share a table.
func tableName(name string) string {
	return "terraform_ha_vrrp_" + strings.ReplaceAll(name, "-", "_")
}

// firewallValues are what the packet filter of a node is filled with.
type firewallValues struct {
	Spec
	Table, PeerList, Interface string
}

// firewallFiles are the packet filter, and what loads those of all floating IPs of a
// machine when it boots and when nftables.service has flushed them.
func firewallFiles(s Spec, node host.Node, networkInterface string) []host.File {
	return []host.File{
		program("filters"),
		{Path: nftablesDropInPath, Content: fill("nftables-drop-in.conf", nil), Mode: "0644"},
		firewallFile(s, node, networkInterface),
	}
}

// firewallFile is the packet filter of this address on this node.
func firewallFile(s Spec, node host.Node, networkInterface string) host.File {
	return host.File{Path: firewallPath(s.Name), Mode: "0644", Content: fill("firewall.nft.tmpl", firewallValues{
		Spec: s, Table: tableName(s.Name), Interface: networkInterface,
		PeerList: strings.Join(s.peersOf(node.Name), ", "),
	})}
}

var (
	firewallScript     = shell.Embedded(scripts, "firewall")
	loadFirewallScript = shell.Embedded(scripts, "load-firewall")
)

func askFirewall(spec Spec, _ string) tier.Questions {
	return tier.Questions{
		Files: []string{program("filters").Path, nftablesDropInPath, firewallPath(spec.Name)},
		Parts: []shell.Part{shell.Ask("firewall", firewallScript, tableName(spec.Name))},
	}
}

func readFirewall(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Firewall = parseFirewall(answers.Parts["firewall"])
}

// parseFirewall reads the output of "nft -j list table". A table that is not
// there is an answer with a status.
func parseFirewall(answer shell.Answer) Firewall {
	var listing struct {
		Objects []struct {
			Set *struct {
				Name     string `json:"name"`
				Elements []any  `json:"elem"`
			} `json:"set"`
			Rule *struct {
				Expressions []map[string]any `json:"expr"`
			} `json:"rule"`
		} `json:"nftables"`
	}
	if answer.Status != 0 || json.Unmarshal([]byte(answer.Out), &listing) != nil {
		return Firewall{}
	}
	firewall := Firewall{Loaded: true}
	for _, object := range listing.Objects {
		if object.Set != nil && object.Set.Name == "peers" {
			for _, element := range object.Set.Elements {
				firewall.Peers = append(firewall.Peers, fmt.Sprint(element))
			}
			slices.Sort(firewall.Peers)
		}
		if object.Rule != nil {
			firewall.Drops = firewall.Drops || dropsBySet(object.Rule.Expressions, "peers")
			firewall.Holds = firewall.Holds || dropsBySet(object.Rule.Expressions, "held")
		}
	}
	return firewall
}

// dropsBySet reports whether a rule ends with a drop and has a condition on a set.
func dropsBySet(expressions []map[string]any, set string) bool {
	if len(expressions) == 0 {
		return false
	}
	_, drops := expressions[len(expressions)-1]["drop"]
	return drops && slices.ContainsFunc(expressions, func(expression map[string]any) bool {
		match, _ := expression["match"].(map[string]any)
		return match["right"] == "@"+set
	})
}

// planFirewall loads a packet filter that is not loaded as declared, or whose file is
// written before.
func planFirewall(d *draft) error {
	for _, node := range d.told() {
		machine := d.machine(node)
		file := firewallFile(d.group, node, d.interfaceOf(node))
		why := d.firewallDifference(node)
		if why != "" || file.Difference(machine.Files[file.Path]) != "" {
			d.prepare.On(node.Name, firewallStep(node.Name, d.spec.Name, why))
		}
	}
	return nil
}

func (d *draft) firewallDifference(node host.Node) string {
	loaded := d.machine(node).Firewall
	peers := d.group.peersOf(node.Name)
	switch {
	case !loaded.Loaded:
		return "the packet filter for VRRP is not loaded"
	case !loaded.Drops || !loaded.Holds || !slices.Equal(loaded.Peers, peers):
		return "the packet filter for VRRP differs"
	}
	return ""
}

func firewallStep(node, name, why string) Step {
	return run(node, "load the packet filter for VRRP", why, shell.Script(loadFirewallScript, firewallPath(name)))
}
