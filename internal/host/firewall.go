package host

import (
	"context"
	_ "embed"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	firewallStateScript  = shell.Embedded(scripts, "firewall-state")
	applyFirewallScript  = shell.Embedded(scripts, "apply-firewall")
	removeFirewallScript = shell.Embedded(scripts, "remove-firewall")
)

// FirewallPackage is the package that has nft. Debian's does not enable
// nftables.service, whose rules are somebody else's.
const FirewallPackage = "nftables"

// What a resource's attribute firewall may say: the tier keeps a [Firewall] on its
// machines, or takes away the one that it has put there.
const (
	FirewallManaged = "managed"
	FirewallNone    = "none"
)

const (
	firewallDirectory = "/etc/terraform-ha/filter"
	firewallProgram   = ProgramDirectory + "/packet-filter"
	firewallUnit      = "terraform-ha-filter.service"
)

// Firewall is a packet filter that says from where TCP connections to the ports of
// a tier may be opened on a machine. It is a table of its own in nftables, and
// accepts nothing that another table drops.
//
// It looks only at the packet that opens a connection (SYN without ACK): whoever is
// not let in any more keeps the connections that it has, loading it cuts nobody
// off, and answers to connections that the machine itself has opened from one of
// these ports arrive. A machine always reaches itself.
//
// Several resources of a tier may be on one machine. Each is the owner of a file
// with its own sources; they are loaded together, and what any of them lets in is
// let in.
type Firewall struct {
	// Tier names the table, and Owner is the name of the resource.
	Tier, Owner string
	// Groups are the ports of the tier: names and ports are the same for all owners.
	Groups []PortGroup
	// Apart are addresses that are kept apart: no packet from them arrives that is of a
	// connection to or from one of ApartPorts, whoever opens it.
	Apart      []netip.Addr
	ApartPorts []string
}

// PortGroup are ports that have the same sources.
type PortGroup struct {
	// Name is a word of lower-case letters.
	Name string
	// Ports are ports, "3306", and ranges of them, "49152-60999".
	Ports []string
	// From are the networks that may connect; nobody else may but the machine itself.
	From []netip.Prefix
	// To are the addresses of the machine at which they may; any, if there is none.
	To []netip.Addr
}

// FirewallState is the packet filter of a tier as it was seen.
type FirewallState struct {
	// Loaded reports whether the kernel has the tier's table.
	Loaded bool
	// Unchanged reports whether that is what was loaded last, from the files as they are.
	Unchanged bool
	// AtBoot reports whether it is loaded when the machine starts.
	AtBoot bool
}

// table is the name of the tier's table.
func (f Firewall) table() string { return firewallTable(f.Tier) }

func firewallTable(tier string) string { return "terraform_ha_" + tier }

// Files are the packet filter's files: the program that loads all filters of a
// machine and what calls it, the tier's table, and the owner's sources.
func (f Firewall) Files() []File {
	text := func(name, content string) File { return File{Path: name, Content: []byte(content), Mode: "0644"} }
	return []File{
		{Path: firewallProgram, Content: firewallProgramText, Mode: "0755"},
		text("/etc/systemd/system/"+firewallUnit, firewallUnitText),
		text("/etc/systemd/system/nftables.service.d/terraform-ha.conf", firewallDropInText),
		text(path.Join(firewallDirectory, f.Tier+".nft"), f.base()),
		text(f.ownerPath(), f.sources()),
	}
}

// Paths are the paths of [Firewall.Files], to ask for.
func (f Firewall) Paths() []string {
	var paths []string
	for _, file := range f.Files() {
		paths = append(paths, file.Path)
	}
	return paths
}

func (f Firewall) ownerPath() string { return path.Join(firewallDirectory, f.Tier, f.Owner+".nft") }

// firewallProgramText loads the filters, each in one transaction, and notes what
// the kernel made of the files that it had.
//
//go:embed scripts/packet-filter.sh
var firewallProgramText []byte

// firewallUnitText loads the filters before the network and before any daemon:
// systemd orders no target after a unit without default dependencies by itself
// (systemd.target(5), "Default Dependencies").
const firewallUnitText = `# Managed by terraform-provider-ha; changes are reverted.
[Unit]
Description=Loads the packet filters of terraform-provider-ha
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target sysinit.target shutdown.target
After=nftables.service
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=` + firewallProgram + `
[Install]
WantedBy=sysinit.target
`

// firewallDropInText loads the filters again after Debian's own unit has flushed
// all rules, which it does when it starts, reloads and stops.
const firewallDropInText = `# Managed by terraform-provider-ha; changes are reverted.
[Service]
ExecStartPost=-` + firewallProgram + `
ExecReload=-` + firewallProgram + `
ExecStopPost=-` + firewallProgram + `
`

// base is the tier's table. Its groups have a chain each, into which every owner
// puts what it lets in.
func (f Firewall) base() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Managed by terraform-provider-ha (%[1]s); changes are reverted.
# Drops connections to the ports of the tier but for those that the files in the
# folder beside this one let in. It accepts nothing that another table drops.
table inet %[2]s
delete table inet %[2]s
table inet %[2]s {
`, f.Tier, f.table())
	for _, group := range f.Groups {
		fmt.Fprintf(&b, "    chain %s {\n    }\n", group.Name)
	}
	b.WriteString("    chain input {\n        type filter hook input priority -10; policy accept;\n        iifname \"lo\" accept\n")
	for _, group := range f.Groups {
		opens := "tcp flags & (syn | ack) == syn tcp dport { " + strings.Join(group.Ports, ", ") + " }"
		fmt.Fprintf(&b, "        %[1]s jump %[2]s\n        %[1]s drop\n", opens, group.Name)
	}
	fmt.Fprintf(&b, "    }\n}\ninclude \"%s/%s/*.nft\"\n", firewallDirectory, f.Tier)
	return b.String()
}

// sources are what the owner lets in.
func (f Firewall) sources() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Managed by terraform-provider-ha (%s %s); changes are reverted.\ntable inet %s {\n", f.Tier, f.Owner, f.table())
	for _, group := range f.Groups {
		fmt.Fprintf(&b, "    chain %s {\n", group.Name)
		for _, rule := range group.rules() {
			fmt.Fprintf(&b, "        %s accept\n", rule)
		}
		b.WriteString("    }\n")
	}
	b.WriteString(f.apart())
	b.WriteString("}\n")
	return b.String()
}

// apart is a chain that looks before the tier's own, and at every packet. Owners that
// keep addresses apart add to the same one.
func (f Firewall) apart() string {
	if len(f.Apart) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("    chain apart {\n        type filter hook input priority -11; policy accept;\n")
	for _, address := range sortedAddresses(f.Apart) {
		family := "ip"
		if address.Is6() {
			family = "ip6"
		}
		for _, end := range []string{"dport", "sport"} {
			fmt.Fprintf(&b, "        tcp %s { %s } %s saddr %s drop\n", end, strings.Join(f.ApartPorts, ", "), family, address)
		}
	}
	b.WriteString("    }\n")
	return b.String()
}

// rules are the matches of one group: one for each family of addresses.
func (g PortGroup) rules() []string {
	var rules []string
	for _, family := range []string{"ip", "ip6"} {
		isFamily := func(a netip.Addr) bool { return a.Is4() == (family == "ip") }
		var from, to []string
		all := false
		for _, source := range disjoint(g.From) {
			if isFamily(source.Addr()) {
				from, all = append(from, shortPrefix(source)), all || source.Bits() == 0
			}
		}
		for _, address := range sortedAddresses(g.To) {
			if isFamily(address) {
				to = append(to, address.String())
			}
		}
		if len(from) == 0 || len(g.To) > 0 && len(to) == 0 {
			continue
		}
		rule := family + " saddr { " + strings.Join(from, ", ") + " }"
		if all {
			rule = "meta nfproto " + map[string]string{"ip": "ipv4", "ip6": "ipv6"}[family]
		}
		if len(to) > 0 {
			rule += " " + family + " daddr { " + strings.Join(to, ", ") + " }"
		}
		rules = append(rules, rule)
	}
	return rules
}

// disjoint returns the networks in order, without those that lie in another one: an
// interval set takes none that overlap.
func disjoint(networks []netip.Prefix) []netip.Prefix {
	sorted := make([]netip.Prefix, len(networks))
	for i, network := range networks {
		sorted[i] = canonicalPrefix(network)
	}
	slices.SortFunc(sorted, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	var kept []netip.Prefix
	for _, network := range sorted {
		if n := len(kept); n == 0 || !kept[n-1].Overlaps(network) {
			kept = append(kept, network)
		}
	}
	return kept
}

// canonicalPrefix masks what lies behind the prefix, and reads an IPv4 address that
// is written as an IPv6 one as what it is.
func canonicalPrefix(network netip.Prefix) netip.Prefix {
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked()
}

func sortedAddresses(addresses []netip.Addr) []netip.Addr {
	sorted := slices.Clone(addresses)
	slices.SortFunc(sorted, netip.Addr.Compare)
	return slices.Compact(sorted)
}

func shortPrefix(network netip.Prefix) string {
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// AskFirewall asks for the packet filter of a tier; [ParseFirewall] reads the answer.
func AskFirewall(name, tier string) shell.Part {
	return shell.Ask(name, firewallStateScript, tier, firewallTable(tier), firewallDirectory, firewallUnit)
}

// ParseFirewall reads the answer to [AskFirewall].
func ParseFirewall(answer shell.Answer) FirewallState {
	words := strings.Fields(answer.Out)
	return FirewallState{
		Loaded:    slices.Contains(words, "loaded"),
		Unchanged: slices.Contains(words, "unchanged"),
		AtBoot:    slices.Contains(words, "boot"),
	}
}

// Difference says how the packet filter that was seen differs from the one that is
// wanted, as files with the answer to [Firewall.Paths] among them and as what the
// kernel has; empty if it does not.
func (f Firewall) Difference(seen map[string]FileState, state FirewallState) string {
	var why []string
	missing := 0
	files := f.Files()
	for _, file := range files {
		if difference := file.Difference(seen[file.Path]); difference != "" {
			why = append(why, difference)
		}
		if !seen[file.Path].Exists {
			missing++
		}
	}
	switch {
	case missing == len(files) && !state.Loaded, !seen[f.ownerPath()].Exists && !state.Loaded:
		return "the packet filter for its ports is missing"
	case !state.Loaded:
		why = append(why, "the packet filter is not loaded")
	case !state.Unchanged && len(why) == 0:
		why = append(why, "the packet filter was changed after it was loaded")
	}
	if !state.AtBoot && seen[files[1].Path].Exists {
		why = append(why, "the packet filter is not loaded at boot")
	}
	return strings.Join(why, ", ")
}

// Present reports whether a machine has anything of the owner's packet filter.
func (f Firewall) Present(seen map[string]FileState) bool { return seen[f.ownerPath()].Exists }

// ApplyFirewall writes the files of a packet filter and loads it. If the kernel
// does not take it, what was loaded stays.
func (h *Host) ApplyFirewall(ctx context.Context, firewall Firewall) error {
	return h.do(ctx, "load the packet filter of "+firewall.Tier+" "+firewall.Owner, shell.Script(applyFirewallScript, firewallProgram, firewallUnit).WithStdin(EncodeFiles(firewall.Files()...)))
}

// RemoveFirewall takes an owner's packet filter from the machine, and with the last
// one of a tier its table, and with the last one of the machine what loads them.
func (h *Host) RemoveFirewall(ctx context.Context, firewall Firewall) error {
	return h.do(ctx, "remove the packet filter of "+firewall.Tier+" "+firewall.Owner, RemovingFirewall(firewall))
}

// RemovingFirewall is the command by which a machine does what [Host.RemoveFirewall] does.
func RemovingFirewall(firewall Firewall) shell.Command {
	return shell.Script(removeFirewallScript, firewall.Tier, firewall.ownerPath(), firewall.table(), firewallDirectory, firewallProgram, firewallUnit)
}
