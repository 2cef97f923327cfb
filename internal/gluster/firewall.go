package gluster

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	// daemonPorts are of glusterd: 24007, and 24008, where it listened for RDMA.
	daemonPorts = "24007-24008"
	// markerFilter says in a marker that the volume's own resource looks after what
	// the packet filter of the machine lets in for it.
	markerFilter  = "firewall"
	filterManaged = "managed"
)

var (
	namesScript        = shell.Embedded(scripts, "names")
	otherVolumesScript = shell.Embedded(scripts, "other-volumes")
)

// firewall is a packet filter of glusterd and the bricks. Nothing tells a member of
// the pool from a client at glusterd's port, so both have the same rights. A brick
// keeps the port it has, so the range is the one of a glusterd that nobody
// configured, too.
func (s Spec) firewall(volume string, from []netip.Prefix, to []netip.Addr) host.Firewall {
	stock := stockPorts()
	bricks := fmt.Sprintf("%d-%d", min(stock.Base, s.BrickPorts.Base), max(stock.Max, s.BrickPorts.Max))
	return host.Firewall{Tier: markerKind, Owner: volume, Groups: []host.PortGroup{{
		Name: "members", Ports: []string{daemonPorts, bricks}, From: from, To: to,
	}}}
}

func askFilters(spec inquiry, _ string) tier.Questions {
	return tier.Questions{
		Files: spec.firewall(spec.Name, nil, nil).Paths(),
		Parts: []shell.Part{
			host.AskFirewall("filter", markerKind),
			host.AskFirewallSources("sources", markerKind),
			shell.Ask("names", namesScript, spec.names()...),
			shell.Ask("other-volumes", otherVolumesScript, spec.Name),
		},
	}
}

func readFilters(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Files = answers.Files
	seen.Filter = host.ParseFirewall(answers.Parts["filter"])
	seen.Sources = host.ParseFirewallSources(answers.Parts["sources"])
	seen.Addresses = parseNames(answers.Parts["names"].Out)
	for _, line := range answers.Parts.Lines("other-volumes") {
		seen.OtherVolumes = true
		if volume, managed := strings.CutSuffix(line, " yes"); managed {
			seen.Managed = append(seen.Managed, volume)
		}
	}
}

// parseNames reads names with an address each. What a machine calls itself is often an
// address of the loopback network in its own /etc/hosts, at which nobody else is.
func parseNames(text string) map[string][]netip.Addr {
	names := map[string][]netip.Addr{}
	for line := range strings.Lines(text) {
		name, word, _ := strings.Cut(strings.TrimSpace(line), " ")
		if address, err := netip.ParseAddr(word); err == nil && !address.IsLoopback() {
			names[name] = append(names[name], address)
		}
	}
	return names
}

// names are the words of a spec that are names of machines.
func (s Spec) names() []string {
	var found []string
	for _, word := range append(s.addresses(), s.Clients...) {
		if _, isName := networkOf(word); isName {
			found = append(found, word)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (s Spec) addresses() []string {
	var addresses []string
	for _, node := range slices.Concat(s.Nodes, s.guests, s.Leaving) {
		addresses = append(addresses, node.Address)
	}
	return addresses
}

// networkOf reads an address, a network or a pattern as GlusterFS has them in
// auth.allow. A pattern becomes the network of the numbers that it begins with,
// which may be more than it means; GlusterFS itself takes it exactly.
func networkOf(word string) (network netip.Prefix, isName bool) {
	if network, err := netip.ParsePrefix(word); err == nil {
		return network, false
	}
	if address, err := netip.ParseAddr(word); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), false
	}
	if strings.Trim(word, "0123456789.*?[]-") != "" {
		return netip.Prefix{}, true
	}
	fixed := word
	if wild := strings.IndexAny(word, "*?["); wild >= 0 {
		fixed = word[:wild]
	}
	var octets []string
	if parts := strings.Split(fixed, "."); len(parts) > 1 {
		octets = parts[:min(len(parts)-1, 4)]
	}
	bits := 8 * len(octets)
	address, err := netip.ParseAddr(strings.Join(append(octets, slices.Repeat([]string{"0"}, 4-len(octets))...), "."))
	if err != nil {
		return everybody(), false
	}
	return netip.PrefixFrom(address, bits), false
}

func everybody() netip.Prefix { return netip.MustParsePrefix("0.0.0.0/0") }

// lookup returns the addresses of a name, as any of the machines knows it.
func (d *draft) lookup(name string) []netip.Addr {
	var found []netip.Addr
	for _, node := range d.status.Nodes {
		found = append(found, node.Addresses[name]...)
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found)
}

// networks are those of words, and the words that are names which nobody knows.
func (d *draft) networks(words []string) (networks []netip.Prefix, unknown []string) {
	for _, word := range words {
		network, isName := networkOf(word)
		if !isName {
			networks = append(networks, network)
			continue
		}
		addresses := d.lookup(word)
		if len(addresses) == 0 {
			unknown = append(unknown, word)
		}
		for _, address := range addresses {
			networks = append(networks, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	slices.Sort(unknown)
	return host.JoinNetworks(networks), slices.Compact(unknown)
}

// wanted is who the packet filter lets in for the volume: its clients, its servers,
// and all other members of the pool, which talk to every server whatever volumes
// they carry.
func (d *draft) wanted() (networks []netip.Prefix, unknown []string) {
	networks, unknown = d.networks(append(d.spec.addresses(), d.spec.Clients...))
	for _, node := range d.members() {
		for _, peer := range d.seen(node).Peers {
			known, names := d.networks(peer.Names)
			networks = append(networks, known...)
			if len(known) == 0 {
				unknown = append(unknown, names...)
			}
		}
	}
	slices.Sort(unknown)
	return host.JoinNetworks(networks), slices.Compact(unknown)
}

// servedAt are the addresses at which a machine is reached as a server: its own of
// the spec, and those by which others in the pool know it. It is none, which means
// any, where the address of the spec is not the machine's own, but translated on
// the way.
func (d *draft) servedAt(node host.Node) []netip.Addr {
	seen := d.seen(node)
	own := map[netip.Addr]bool{}
	for _, address := range seen.Facts.Addresses {
		if prefix, err := netip.ParsePrefix(address.CIDR); err == nil && prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
			own[prefix.Addr()] = true
		}
	}
	among := func(words ...string) []netip.Addr {
		networks, _ := d.networks(words)
		var found []netip.Addr
		for _, network := range networks {
			if own[network.Addr()] {
				found = append(found, network.Addr())
			}
		}
		return found
	}
	served := among(node.Address)
	if len(served) == 0 {
		return nil
	}
	for _, other := range d.members() {
		if peer, found := d.seen(other).peer(seen.UUID); found && seen.UUID != "" {
			served = append(served, among(peer.Names...)...)
		}
	}
	return served
}

// managed are the volumes besides this one whose own resources look after what the
// packet filters let in for them.
func (d *draft) managed() []string {
	all := map[string]bool{}
	for _, node := range d.status.Nodes {
		for _, volume := range node.Managed {
			all[volume] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// foreign are the other volumes of the pool that nobody looks after, and who may
// mount them: their clients use the same glusterd, and must not be cut off.
func (d *draft) foreign() map[string][]netip.Prefix {
	found := map[string][]netip.Prefix{}
	managed := d.managed()
	for _, node := range d.members() {
		for _, volume := range d.seen(node).Volumes {
			if volume.Name != d.spec.Name && !slices.Contains(managed, volume.Name) {
				found[volume.Name] = d.mayMount(volume.Options[optionAllow])
			}
		}
	}
	return found
}

// mayMount is who a value of auth.allow lets in: everybody if it is not set, or has
// something that is no network.
func (d *draft) mayMount(allow string) []netip.Prefix {
	networks, unknown := d.networks(strings.Split(allow, ","))
	if allow == "" || len(unknown) > 0 {
		return []netip.Prefix{everybody()}
	}
	return networks
}

// filters are the packet filters that a machine should have: that of the volume,
// and those of volumes that nobody looks after. There is none where no resource
// wants one.
func (d *draft) filters(node host.Node) []host.Firewall {
	if d.spec.Unfiltered && len(d.seen(node).Managed) == 0 {
		return nil
	}
	var filters []host.Firewall
	if !d.spec.Unfiltered {
		networks, _ := d.wanted()
		filters = append(filters, d.spec.firewall(d.spec.Name, networks, d.servedAt(node)))
	} else {
		filters = append(filters, d.spec.firewall(d.spec.Name, d.mayMount(d.spec.allowed()), nil))
	}
	foreign := d.foreign()
	for _, volume := range slices.Sorted(maps.Keys(foreign)) {
		filters = append(filters, d.spec.firewall(volume, foreign[volume], nil))
	}
	return filters
}

// planFilters has the packet filters let in who is wanted first, and as the last of all
// nobody else: a client is cut off by the volume and not by the filter, and a machine
// that joins is let in first.
func planFilters(d *draft) error {
	for _, node := range d.preparing() {
		d.openFilters(node)
	}
	if !d.mayClose() {
		return nil
	}
	for _, node := range d.members() {
		d.stages.closing.On(node.Name, append(d.narrow(node), d.unfiltered(node)...)...)
	}
	return nil
}

// mayClose reports whether it is certain who is wanted: not as long as a machine's
// name cannot be looked up, or a change of the volume has to wait.
func (d *draft) mayClose() bool {
	_, unknown := d.wanted()
	return d.allAnswer() && len(unknown) == 0 && d.waits() == nil
}

// openFilters plans that the packet filters of a machine let in who is wanted, besides
// whom they let in already.
func (d *draft) openFilters(node host.Node) {
	seen := d.seen(node)
	for _, filter := range d.filters(node) {
		now, found := seen.Sources[filter.Owner]
		wanted := filter.Groups[0].From
		filter.Groups[0].From = host.JoinNetworks(wanted, now)
		missing := host.MissingNetworks(wanted, now)
		why := ""
		switch {
		case filter.Owner == d.spec.Name && !d.spec.Unfiltered:
			why = filter.Difference(seen.Files, seen.Filter)
			if found && len(missing) > 0 {
				why = "the packet filter does not let " + joinNetworks(missing) + " in"
			}
		case !found || len(missing) > 0:
			why = fmt.Sprintf("the packet filter does not let the clients of volume %s in", filter.Owner)
		}
		if why != "" {
			d.prepare(node, "load the packet filter of volume "+filter.Owner, why, applyFilter(node.Name, filter))
		}
	}
}

// narrow takes out of a machine's packet filters who is let in and should not be.
func (d *draft) narrow(node host.Node) Lane {
	var lane Lane
	seen := d.seen(node)
	for _, filter := range d.filters(node) {
		if extra := host.MissingNetworks(seen.Sources[filter.Owner], filter.Groups[0].From); len(extra) > 0 {
			lane = append(lane, Step{Node: node.Name, Title: "close the packet filter of volume " + filter.Owner,
				Why: fmt.Sprintf("the packet filter lets %s in, where no server of the pool and no client of volume %s is", joinNetworks(extra), filter.Owner),
				Do:  applyFilter(node.Name, filter)})
		}
	}
	return lane
}

// unfiltered takes what is there for volumes that are gone, or for nobody any more.
func (d *draft) unfiltered(node host.Node) Lane {
	var lane Lane
	wanted := map[string]bool{}
	for _, filter := range d.filters(node) {
		wanted[filter.Owner] = true
	}
	seen := d.seen(node)
	for _, volume := range slices.Sorted(maps.Keys(seen.Sources)) {
		if !wanted[volume] && !slices.Contains(d.managed(), volume) {
			lane = append(lane, Step{Node: node.Name, Title: "remove the packet filter of volume " + volume,
				Why: fmt.Sprintf("there is a packet filter for volume %s, and none is wanted", volume),
				Do:  removeFilter(node.Name, d.spec.firewall(volume, nil, nil))})
		}
	}
	return lane
}

// removeFilters takes the packet filter of a volume that is wiped from a machine,
// and with the last one that a resource wants those of volumes that nobody looks
// after.
func (d *draft) removeFilters(node host.Node) Lane {
	seen := d.seen(node)
	var lane Lane
	for _, volume := range slices.Sorted(maps.Keys(seen.Sources)) {
		if volume == d.spec.Name || len(seen.Managed) == 0 {
			lane = append(lane, Step{Node: node.Name, Title: "remove the packet filter of volume " + volume,
				Do: removeFilter(node.Name, d.spec.firewall(volume, nil, nil))})
		}
	}
	return lane
}

func applyFilter(node string, filter host.Firewall) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].ApplyFirewall(ctx, filter) }
}

func removeFilter(node string, filter host.Firewall) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].RemoveFirewall(ctx, filter) }
}

// filterNotices are about what makes a packet filter let in more, or less, than one
// would think.
func (d *draft) filterNotices() []string {
	if d.spec.Unfiltered {
		return nil
	}
	var notices []string
	if _, unknown := d.wanted(); len(unknown) > 0 {
		notices = append(notices, fmt.Sprintf("The packet filter for volume %s cannot let %s in: no server that answers finds an address of that name. It lets in who it let in before.", d.spec.Name, joinWords(unknown)))
	}
	foreign := d.foreign()
	for _, volume := range slices.Sorted(maps.Keys(foreign)) {
		if slices.Contains(foreign[volume], everybody()) {
			notices = append(notices, fmt.Sprintf("The packet filter of the servers of volume %s lets everybody in, because their pool has volume %s, too, which nobody looks after and everybody may mount. "+
				"\"gluster volume set %[2]s auth.allow\" says who may.", d.spec.Name, volume))
		}
	}
	return notices
}

func joinNetworks(networks []netip.Prefix) string {
	var words []string
	for _, network := range networks {
		if network.IsSingleIP() {
			words = append(words, network.Addr().String())
		} else {
			words = append(words, network.String())
		}
	}
	return joinWords(words)
}
