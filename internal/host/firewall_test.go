package host_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func networks(words ...string) []netip.Prefix {
	var networks []netip.Prefix
	for _, word := range words {
		networks = append(networks, netip.MustParsePrefix(word))
	}
	return networks
}

func filterOf(owner string, from ...string) host.Firewall {
	return host.Firewall{Tier: "probe", Owner: owner, Groups: []host.PortGroup{
		{Name: "peers", Ports: []string{"4567", "49152-60999"}, From: networks("10.0.0.11/32", "10.0.0.12/32"), To: []netip.Addr{netip.MustParseAddr("10.0.0.11")}},
		{Name: "clients", Ports: []string{"3306"}, From: networks(from...)},
	}}
}

func TestAFirewallReadsLikeThis(t *testing.T) {
	files := map[string]string{}
	for _, file := range filterOf("shop-1", "10.0.0.13/24", "::ffff:10.0.0.7/128", "192.0.2.4/32", "fd00::1/64").Files() {
		files[file.Path] = string(file.Content)
	}
	want := `# Managed by terraform-provider-ha (probe); changes are reverted.
# Drops connections to the ports of the tier but for those that the files in the
# folder beside this one let in. It accepts nothing that another table drops.
table inet terraform_ha_probe
delete table inet terraform_ha_probe
table inet terraform_ha_probe {
    chain peers {
    }
    chain clients {
    }
    chain input {
        type filter hook input priority -10; policy accept;
        iifname "lo" accept
        tcp flags & (syn | ack) == syn tcp dport { 4567, 49152-60999 } jump peers
        tcp flags & (syn | ack) == syn tcp dport { 4567, 49152-60999 } drop
        tcp flags & (syn | ack) == syn tcp dport { 3306 } jump clients
        tcp flags & (syn | ack) == syn tcp dport { 3306 } drop
    }
}
include "/etc/terraform-ha/filter/probe/*.nft"
`
	if diff := cmp.Diff(want, files["/etc/terraform-ha/filter/probe.nft"]); diff != "" {
		t.Error(diff)
	}
	want = `# Managed by terraform-provider-ha (probe shop-1); changes are reverted.
table inet terraform_ha_probe {
    chain peers {
        ip saddr { 10.0.0.11, 10.0.0.12 } ip daddr { 10.0.0.11 } accept
    }
    chain clients {
        ip saddr { 10.0.0.0/24, 192.0.2.4 } accept
        ip6 saddr { fd00::/64 } accept
    }
}
`
	if diff := cmp.Diff(want, files["/etc/terraform-ha/filter/probe/shop-1.nft"]); diff != "" {
		t.Error(diff)
	}
	everybody := filterOf("shop-1", "10.0.0.13/24", "0.0.0.0/0").Files()[4]
	if !strings.Contains(string(everybody.Content), "chain clients {\n        meta nfproto ipv4 accept\n    }") {
		t.Errorf("everybody is let in by\n%s", everybody.Content)
	}
}

// etc runs commands on this machine, with directories of the test in the place of
// the system's, also in the files that they write.
type etc struct {
	local
	paths *strings.Replacer
	owner string
}

func (e etc) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	var stdin bytes.Buffer
	lines := strings.Split(strings.TrimSuffix(string(c.Stdin()), "\n"), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		content, err := base64.StdEncoding.DecodeString(lines[i+1])
		if err != nil {
			return shell.Result{}, err
		}
		// Without root's rights a test gives files to nobody else.
		fmt.Fprintf(&stdin, "%s\n%s\n", strings.Replace(e.paths.Replace(lines[i]), "root:root", e.owner, 1),
			base64.StdEncoding.EncodeToString([]byte(e.paths.Replace(string(content)))))
	}
	return e.local.Run(ctx, shell.Script(shell.Text(e.paths.Replace(c.Line()))).WithStdin(stdin.Bytes()))
}

// TestAFirewallKeepsAddressesApart looks at packets of both directions.
func TestAFirewallKeepsAddressesApart(t *testing.T) {
	filter := filterOf("shop-1", "10.0.0.0/24")
	filter.Apart = []netip.Addr{netip.MustParseAddr("10.0.0.13"), netip.MustParseAddr("fd00::3")}
	filter.ApartPorts = []string{"4567", "4568"}
	sources := string(filter.Files()[4].Content)
	want := `    chain apart {
        type filter hook input priority -11; policy accept;
        tcp dport { 4567, 4568 } ip saddr 10.0.0.13 drop
        tcp sport { 4567, 4568 } ip saddr 10.0.0.13 drop
        tcp dport { 4567, 4568 } ip6 saddr fd00::3 drop
        tcp sport { 4567, 4568 } ip6 saddr fd00::3 drop
    }
}
`
	if !strings.HasSuffix(sources, want) {
		t.Errorf("the sources are:\n%s", sources)
	}
}

// newEtc has an nft that keeps its tables as they were written. It reads what is
// included, and refuses what holds "broken".
func newEtc(t *testing.T) (etc, string) {
	t.Helper()
	at := newLocal(t)
	root := t.TempDir()
	at.shim(t, "nft", `set -e
kernel=`+root+`/kernel; mkdir -p "$kernel"
case "$1 $2" in
"-f "*)
table=$(sed -n 's/^delete table inet //p' "$2")
all=$(cat "$2" "${2%.nft}"/*.nft)
case $all in *broken*) echo "syntax error" >&2; exit 1 ;; esac
printf '%s\n' "$all" >"$kernel/$table" ;;
"-s list") cat "$kernel/$5" ;;
"list table") [ -e "$kernel/$4" ] ;;
"delete table") rm "$kernel/$4" ;;
*) echo "nft: $*" >&2; exit 2 ;;
esac`)
	at.shim(t, "systemctl", `echo "$*" >>`+root+`/said
case "$*" in "is-enabled "*) grep -q '^enable ' `+root+`/said ;; esac`)
	paths := strings.NewReplacer("/etc/", root+"/etc/", "/usr/lib/terraform-ha", root+"/programs", "/run/terraform-ha", at.run)
	owner, group := whoami(t)
	return etc{at, paths, owner + ":" + group}, root
}

// look returns what a plan would say of a firewall.
func look(t *testing.T, h *host.Host, f host.Firewall, seenFiles bool) string {
	t.Helper()
	answers, err := h.Ask(t.Context(), host.AskFirewall("filter", f.Tier))
	must(t, err)
	files := map[string]host.FileState{}
	for _, file := range f.Files() {
		files[file.Path] = host.FileState{Exists: seenFiles, SHA256: host.Digest(file.Content), Mode: file.Mode, Owner: "root", Group: "root"}
	}
	return f.Difference(files, host.ParseFirewall(answers["filter"]))
}

func TestAFirewallIsLoadedToldApartAndRemoved(t *testing.T) {
	at, root := newEtc(t)
	h := host.New("db1", at)
	ctx := t.Context()
	shop, blog := filterOf("shop", "10.0.0.21/32"), filterOf("blog", "10.0.0.22/32")
	kernel := filepath.Join(root, "kernel", "terraform_ha_probe")
	loaded := func() string {
		t.Helper()
		content, err := os.ReadFile(kernel)
		must(t, err)
		return string(content)
	}
	expect := func(want string) {
		t.Helper()
		if got := look(t, h, shop, true); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := look(t, h, shop, false); got != "the packet filter for its ports is missing" {
		t.Errorf("on a new machine: %q", got)
	}
	must(t, h.ApplyFirewall(ctx, shop))
	expect("")
	must(t, h.ApplyFirewall(ctx, blog))
	expect("")
	if got := loaded(); !strings.Contains(got, "10.0.0.21") || !strings.Contains(got, "10.0.0.22") {
		t.Errorf("the owners are not joined:\n%s", got)
	}
	must(t, os.Remove(kernel))
	expect("the packet filter is not loaded")
	must(t, h.ApplyFirewall(ctx, shop))
	expect("")
	must(t, os.WriteFile(kernel, []byte(loaded()+"# by hand"), 0o600))
	expect("the packet filter was changed after it was loaded")
	must(t, h.ApplyFirewall(ctx, shop))
	expect("")

	good := loaded()
	broken := filterOf("blog", "10.0.0.22/32")
	broken.Groups[1].Ports = []string{"broken"}
	if err := h.ApplyFirewall(ctx, broken); err == nil {
		t.Error("what the kernel does not take was loaded")
	}
	if loaded() != good {
		t.Error("a filter that cannot be loaded has removed the one that was")
	}
	expect("the packet filter was changed after it was loaded")
	must(t, h.ApplyFirewall(ctx, blog))

	must(t, h.RemoveFirewall(ctx, shop))
	if got := loaded(); strings.Contains(got, "10.0.0.21") || !strings.Contains(got, "10.0.0.22") {
		t.Errorf("the wrong owner is left:\n%s", got)
	}
	must(t, h.RemoveFirewall(ctx, blog))
	must(t, h.RemoveFirewall(ctx, blog))
	for _, name := range []string{kernel, filepath.Join(root, "etc/terraform-ha"), filepath.Join(root, "programs"), filepath.Join(root, "etc/systemd/system/terraform-ha-filter.service"), filepath.Join(root, "etc/systemd/system/nftables.service.d")} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is left", name)
		}
	}
	said, err := os.ReadFile(filepath.Join(root, "said"))
	must(t, err)
	if !strings.Contains(string(said), "disable --quiet terraform-ha-filter.service") {
		t.Errorf("the unit stays enabled:\n%s", said)
	}
}

func TestTheSimulatedFirewallBehavesAlike(t *testing.T) {
	hosts, machines := hosttest.Cluster(t, "db1")
	h, m := hosts["db1"], machines["db1"]
	ctx := t.Context()
	shop, blog := filterOf("shop", "10.0.0.0/28", "fd00::/64"), filterOf("blog", "10.0.0.22/32")
	if err := h.ApplyFirewall(ctx, shop); err == nil {
		t.Error("a filter was loaded without nft")
	}
	m.Packages["nftables"] = "1.0.6"
	state := func() string {
		answers, err := h.Ask(ctx, host.AskFirewall("filter", "probe"), host.AskFiles("files", shop.Paths()...))
		must(t, err)
		return shop.Difference(host.ParseFiles(answers["files"]), host.ParseFirewall(answers["filter"]))
	}
	must(t, h.ApplyFirewall(ctx, shop))
	must(t, h.ApplyFirewall(ctx, blog))
	for address, want := range map[string]bool{"10.0.0.15": true, "10.0.0.16": false, "10.0.0.22": true, "fd00::5": true, "fd01::5": false} {
		if got := m.Admits(netip.MustParseAddr(address), 3306); got != want {
			t.Errorf("%s is let in: %t", address, got)
		}
	}
	if m.Admits(netip.MustParseAddr("10.0.0.15"), 50000) || !m.Admits(netip.MustParseAddr("10.0.0.12"), 50000) || !m.Admits(netip.MustParseAddr("10.0.0.15"), 22) {
		t.Error("the ports of the peers, or others, are not told apart")
	}
	m.AlterFirewall("probe")
	if got := state(); got != "the packet filter was changed after it was loaded" {
		t.Errorf("altered: %q", got)
	}
	m.FlushFirewall()
	if got := state(); got != "the packet filter is not loaded" {
		t.Errorf("flushed: %q", got)
	}
	must(t, h.ApplyFirewall(ctx, shop))
	if got := state(); got != "" {
		t.Errorf("loaded again: %q", got)
	}
	must(t, h.RemoveFirewall(ctx, shop))
	if m.Admits(netip.MustParseAddr("10.0.0.15"), 3306) || !m.Filtered("probe") {
		t.Error("the other owner is not left alone")
	}
	must(t, h.RemoveFirewall(ctx, blog))
	if m.Filtered("probe") || !m.Admits(netip.MustParseAddr("10.0.0.15"), 3306) {
		t.Error("the table is left")
	}
}
