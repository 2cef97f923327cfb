package floatingip

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func parseMachine(answers shell.Answers) (Machine, error) {
	addresses, err := parseAddresses(answers["addresses"].Out)
	if err != nil {
		return Machine{}, err
	}
	by, on, _ := strings.Cut(answers["taken"].Out, " ")
	unit := host.ParseUnits(answers["units"])[unitName]
	return Machine{
		Facts:      host.ParseFacts(answers["facts"]),
		Packages:   host.ParsePackages(answers["packages"]),
		Unheld:     host.ParseUnheld(answers["packages"]),
		Unit:       unit,
		DropInRead: slices.Contains(strings.Fields(unit.DropIns), dropInPath),
		Files:      host.ParseFiles(answers["files"]),
		Main:       Ownership(answers["main"].Out),
		HasUser:    answers.OK("user"),
		Addresses:  addresses,
		Others:     parseInstances(answers.Lines("others")),
		Firewall:   parseFirewall(answers["firewall"]),
		Check:      parseCheck(answers["check"].Out),
		TakenBy:    by,
		SeenOn:     on,
		Role:       answers["role"].Out,
		Sent:       strings.TrimSuffix(answers["sent"].Out, "  -"),
		ReadStale:  answers["read"].Out == "stale",
		Marker:     parseMarker(answers["marker"]),
	}, nil
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
		if object.Rule != nil && len(object.Rule.Expressions) > 0 {
			_, drops := object.Rule.Expressions[len(object.Rule.Expressions)-1]["drop"]
			firewall.Drops = firewall.Drops || drops
		}
	}
	return firewall
}

func parseCheck(text string) CheckResult {
	status, output, _ := strings.Cut(text, "\n")
	code, err := strconv.Atoi(status)
	if err != nil {
		return CheckResult{}
	}
	output = strings.TrimSpace(output)
	if code == 124 && output == "" {
		output = "the check does not end in time"
	}
	return CheckResult{Ran: true, Passed: code == 0, Output: output}
}

func parseMarker(answer shell.Answer) *host.Marker {
	if answer.Status != 0 {
		return nil
	}
	// A marker that cannot be read is a marker all the same: the file says whose
	// the machine is, and its content is written anew when it differs.
	marker := &host.Marker{Kind: Kind}
	_ = json.Unmarshal([]byte(answer.Out), marker)
	return marker
}

// Spec fills the given spec with what the markers remember; it is how an import
// learns what to want. It reports false if no machine has a marker. The secret
// is not among it.
func (s Status) Spec(known Spec) (Spec, bool) {
	for _, name := range s.names(func(m Machine) bool { return m.Marker != nil }) {
		var remembered settings
		if json.Unmarshal([]byte(s.Machines[name].Marker.Detail["settings"]), &remembered) != nil {
			continue
		}
		known.Address, known.Additional, known.Interface = remembered.Address, remembered.Additional, remembered.Interface
		known.RouterID = remembered.RouterID
		known.AdvertisementIntervalSeconds = remembered.AdvertisementIntervalSeconds
		known.Preempt, known.Method, known.Check = remembered.Preempt, remembered.Method, remembered.Check
		known.Priorities = nil
		for _, node := range known.Nodes {
			priority, found := remembered.Priorities[node.Address]
			if found && priority != known.priority(node.Name) {
				if known.Priorities == nil {
					known.Priorities = map[string]int{}
				}
				known.Priorities[node.Name] = priority
			}
		}
		return known, true
	}
	return known, false
}
