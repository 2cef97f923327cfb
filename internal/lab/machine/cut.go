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
	// own are the IPv4 addresses that the lab gave it. An address that moves
	// between machines is none of them, whoever holds it at this moment.
	own []string
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
		out, err := r.execIn(ctx, container.Name, []string{"sh", "-c", endpointScript}, nil)
		if err != nil {
			return nil, err
		}
		each, err := parseEndpoint(out, container)
		if err != nil {
			return nil, fmt.Errorf("cannot read the addresses of %s: %w", container.Name, err)
		}
		found = append(found, each)
	}
	return found, nil
}

// endpointScript prints the interfaces on one line, and then a machine's boot
// facts; a balancer has none.
const endpointScript = `ip -json link; cat /etc/lab/machine 2> /dev/null || true`

func parseEndpoint(out []byte, container Resource) (endpoint, error) {
	links, facts, _ := strings.Cut(string(out), "\n")
	found := endpoint{container: container.Name, own: ownAddresses(facts)}
	if len(found.own) == 0 {
		found.own = slices.DeleteFunc([]string{container.PublicIPv4, container.PrivateIPv4}, func(a string) bool { return a == "" })
	}
	var interfaces []struct {
		Type     string `json:"link_type"`
		Hardware string `json:"address"`
	}
	if err := json.Unmarshal([]byte(links), &interfaces); err != nil {
		return endpoint{}, err
	}
	for _, each := range interfaces {
		if each.Type == "ether" {
			found.hardware = append(found.hardware, each.Hardware)
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
// Peers are recognized by their hardware addresses and by nothing else, so that
// multicast is lost, and an address that moves to another machine is reachable
// there. Each side of a cut has its own rules.
//
// A rejecting cut answers the sender in the peer's place, so it lets refusals
// through, and the resolution of addresses that cannot move: without it the
// sender could not send what is to be refused.
func cutRules(peers []endpoint, reject bool, gateway string) string {
	var hardware, own []string
	for _, peer := range peers {
		hardware = append(hardware, peer.hardware...)
		own = append(own, peer.own...)
	}
	slices.Sort(hardware)
	slices.Sort(own)
	senders := "{ " + strings.Join(hardware, ", ") + " }"
	from := "ether saddr " + senders
	var input, output, arp []string
	switch {
	case len(hardware) == 0:
	case reject:
		input = []string{
			from + " tcp flags & rst == rst accept",
			from + " icmp type destination-unreachable accept",
			from + " meta l4proto tcp reject with tcp reset",
			from + " reject",
		}
		arp = []string{"arp saddr ether " + senders + " arp saddr ip != { " + strings.Join(own, ", ") + " } drop"}
	default:
		input = []string{from + " drop"}
		arp = []string{"arp saddr ether " + senders + " drop"}
	}
	if gateway != "" {
		verdict := "drop"
		if reject {
			verdict = "reject"
		}
		input = append(input, "ip saddr "+gateway+" drop")
		output = append(output, "ip daddr "+gateway+" "+verdict)
	}
	return noRules + table("inet", chain("input", input)+chain("output", output)) + table("arp", chain("input", arp))
}

func table(family, chains string) string {
	if chains == "" {
		return ""
	}
	return "table " + family + " lab_fault {\n" + chains + "}\n"
}

// chain is a chain at a hook, before every other filter there.
func chain(hook string, rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return "\tchain " + hook + " {\n\t\ttype filter hook " + hook + " priority -300;\n\t\t" +
		strings.Join(rules, "\n\t\t") + "\n\t}\n"
}
