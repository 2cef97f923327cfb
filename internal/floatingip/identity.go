package floatingip

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// marker remembers the wanted state on the machine, without the secret, so that
// an import can find it.
func (s Spec) marker() host.Marker {
	remembered := settings{
		Address: s.Address, Additional: s.Additional, Interface: s.Interface, RouterID: s.RouterID,
		AdvertisementIntervalSeconds: s.AdvertisementIntervalSeconds,
		Preempt:                      s.Preempt, Method: s.Method, Check: s.Check, Priorities: map[string]int{},
	}
	for _, node := range s.Nodes {
		remembered.Priorities[node.Address] = s.priority(node.Name)
	}
	content, err := json.Marshal(remembered)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return host.Marker{Kind: Kind, Name: s.Name, Detail: map[string]string{"settings": string(content)}}
}

// settings are what the marker keeps of a [Spec].
type settings struct {
	Address                      string   `json:"address"`
	Additional                   []string `json:"additional,omitempty"`
	Interface                    string   `json:"interface,omitempty"`
	RouterID                     int      `json:"router_id"`
	AdvertisementIntervalSeconds float64  `json:"advertisement_interval"`
	Preempt                      bool     `json:"preempt"`
	Method                       Method   `json:"method"`
	Check                        Check    `json:"check"`
	// Priorities are by address, because names belong to the user's configuration.
	Priorities map[string]int `json:"priorities"`
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

// recall returns a spec of which no more than the name is known with what the markers
// remember, and any other as it is.
func (s Status) recall(spec Spec) Spec {
	if spec.Address != "" {
		return spec
	}
	known, _ := s.Spec(spec)
	return known
}

// published is what the machine says to other tiers about the addresses.
func (s Spec) published(node host.Node) tier.Holder {
	check := ""
	if s.checked(node.Name) {
		check = checkPath(s.Name)
	}
	return tier.Holder{
		Check: check, Database: s.Check.Kind == CheckGalera,
		Kind: Kind, Name: s.Name, Addresses: append([]string{s.Address}, s.Additional...),
		// The check has to fail, each time at the end of its time, and the others have
		// to miss some advertisements.
		ReleaseSeconds: (s.Check.IntervalSeconds+s.Check.TimeoutSeconds)*s.Check.Fall + s.advertisements(5) + 5,
	}
}

var (
	markerScript = shell.Embedded(scripts, "marker")
	mainScript   = shell.Embedded(scripts, "main")
	takenScript  = shell.Embedded(scripts, "taken")
)

func askIdentity(spec Spec, _ string) tier.Questions {
	marker := spec.marker().Path()
	return tier.Questions{
		Files: []string{marker, spec.published(host.Node{}).Path()},
		Parts: []shell.Part{
			shell.Ask("marker", markerScript, marker),
			shell.Ask("main", mainScript, mainPath),
			shell.Ask("taken", takenScript, spec.ip(), marker),
		},
	}
}

func readIdentity(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Marker = parseMarker(answers.Parts["marker"])
	seen.Main = Ownership(answers.Parts["main"].Out)
	seen.TakenBy, seen.SeenOn, _ = strings.Cut(answers.Parts["taken"].Out, " ")
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

// refuseForeign keeps the floating IP from an address, and from a configuration of
// Keepalived, that somebody else has.
func refuseForeign(d *draft) error {
	if d.spec.Adopt {
		return nil
	}
	if err := refuseTaken(d); err != nil {
		return err
	}
	for _, node := range d.nodes() {
		machine := d.machine(node)
		if machine.Main == OwnedByOthers {
			return &reconcile.RefusedError{
				What: "replace " + mainPath, Node: node.Name,
				Evidence: []string{"it was not written by this provider"},
				Remedy:   "This release takes over no configuration of somebody else's. Move it away on the machine if nothing needs it.",
			}
		}
		if held := machine.held(d.spec.ips()); len(held) > 0 && !machine.Ours(d.spec.Name) {
			return &reconcile.RefusedError{
				What: "set up floating IP " + d.spec.ip(), Node: node.Name,
				Evidence: []string{fmt.Sprintf("%s has %s already, and no configuration of this floating IP", machine.interfaceOf(held[0]), held[0])},
				Remedy:   "Choose another address, or remove it from the machine.",
				Path:     tier.At("address"),
			}
		}
	}
	return nil
}

// refuseTaken is about an address that a machine outside of the floating IP has. Once a
// machine is part of it, that somebody may be its own holder.
func refuseTaken(d *draft) error {
	if len(d.status.Holders) > 0 || d.status.known(d.spec) {
		return nil
	}
	taken := d.status.names(func(m Machine) bool { return m.TakenBy != "" })
	if len(taken) == 0 {
		return nil
	}
	seen := d.status.Machines[taken[0]]
	return &reconcile.RefusedError{
		What:     "set up floating IP " + d.spec.ip(),
		Evidence: []string{fmt.Sprintf("%s answers at %s, seen from %s on %s, and is none of the nodes", seen.TakenBy, d.spec.ip(), taken[0], seen.SeenOn)},
		Remedy:   "Choose another address, or take it from the machine that has it.",
		Path:     tier.At("address"),
	}
}

func planIdentity(d *draft) error {
	for _, node := range d.nodes() {
		machine := d.machine(node)
		differing, why := differences(machine, d.spec.marker().File(), d.spec.published(node).File())
		if len(differing) == 0 {
			continue
		}
		if !machine.Ours(d.spec.Name) {
			why = fmt.Sprintf("it is not set up for floating IP %s", d.spec.ip())
		}
		d.prepare.On(node.Name, writeStep(node.Name, "mark the machine as part of floating IP "+d.spec.Name, why, differing...))
	}
	return nil
}
