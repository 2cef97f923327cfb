package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// endpoint is a running container as its neighbors see it.
type endpoint struct {
	container string
	// hardware are the hardware addresses of its interfaces.
	hardware []string
	// addresses are its IPv4 addresses at this moment.
	addresses []string
}

// endpoints returns the running containers of the lab that are wanted.
func (r *Region) endpoints(ctx context.Context, wanted func(Resource) bool) ([]endpoint, error) {
	containers, err := listContainers(ctx, r.docker, r.filter(), "status=running")
	if err != nil {
		return nil, err
	}
	var found []endpoint
	for _, container := range containers {
		if !wanted(container) {
			continue
		}
		out, err := r.execIn(ctx, container.Name, []string{"ip", "-json", "address"}, nil)
		if err != nil {
			return nil, err
		}
		each, err := parseEndpoint(out)
		if err != nil {
			return nil, fmt.Errorf("cannot read the addresses of %s: %w", container.Name, err)
		}
		each.container = container.Name
		found = append(found, each)
	}
	return found, nil
}

func parseEndpoint(out []byte) (endpoint, error) {
	var links []struct {
		Type      string `json:"link_type"`
		Hardware  string `json:"address"`
		Addresses []struct {
			Family string `json:"family"`
			Local  string `json:"local"`
		} `json:"addr_info"`
	}
	if err := json.Unmarshal(out, &links); err != nil {
		return endpoint{}, err
	}
	var found endpoint
	for _, link := range links {
		if link.Type != "ether" {
			continue
		}
		found.hardware = append(found.hardware, link.Hardware)
		for _, address := range link.Addresses {
			if address.Family == "inet" {
				found.addresses = append(found.addresses, address.Local)
			}
		}
	}
	return found, nil
}

// noRules take a fault's tables away, also where there are none: to declare a
// table before it is deleted is how nft knows "if it exists".
const noRules = `table inet lab_fault
delete table inet lab_fault
table arp lab_fault
delete table arp lab_fault
`

// cutRules are the nftables rules that lose everything which comes from peers.
// Peers are recognized by their hardware addresses, so that multicast and
// addresses that move between machines are lost too; each side of a cut has
// its own rules. A refusal has to be made where the packet is sent, because
// the other side loses the answer.
func cutRules(peers []endpoint, reject bool, gateway string) string {
	var hardware, addresses []string
	for _, peer := range peers {
		hardware = append(hardware, peer.hardware...)
		addresses = append(addresses, peer.addresses...)
	}
	if gateway != "" {
		addresses = append(addresses, gateway)
	}
	slices.Sort(hardware)
	slices.Sort(addresses)
	verdict := "drop"
	if reject {
		verdict = "reject"
	}
	var rules strings.Builder
	rules.WriteString(noRules)
	rules.WriteString("table inet lab_fault {\n\tchain input {\n\t\ttype filter hook input priority -300;\n")
	if len(hardware) > 0 {
		fmt.Fprintf(&rules, "\t\tether saddr { %s } drop\n", strings.Join(hardware, ", "))
	}
	if gateway != "" {
		fmt.Fprintf(&rules, "\t\tip saddr %s drop\n", gateway)
	}
	rules.WriteString("\t}\n\tchain output {\n\t\ttype filter hook output priority -300;\n")
	if len(addresses) > 0 {
		fmt.Fprintf(&rules, "\t\tip daddr { %s } %s\n", strings.Join(addresses, ", "), verdict)
	}
	rules.WriteString("\t}\n}\n")
	if len(hardware) > 0 {
		rules.WriteString("table arp lab_fault {\n\tchain input {\n\t\ttype filter hook input priority -300;\n")
		fmt.Fprintf(&rules, "\t\tarp saddr ether { %s } drop\n\t}\n}\n", strings.Join(hardware, ", "))
	}
	return rules.String()
}
