package host_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"net/netip"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func TestSourcesOfFirewallsAreReadBack(t *testing.T) {
	at, _ := newEtc(t)
	h := host.New("db1", at)
	ask := func() map[string][]netip.Prefix {
		t.Helper()
		answers, err := h.Ask(t.Context(), host.AskFirewallSources("sources", "probe"))
		must(t, err)
		return host.ParseFirewallSources(answers["sources"])
	}
	if got := ask(); len(got) != 0 {
		t.Errorf("nobody's sources are %v", got)
	}
	for _, firewall := range []host.Firewall{
		filterOf("shop", "10.0.0.0/25", "10.0.0.128/25", "fd00::/64"), filterOf("blog-1", "0.0.0.0/0", "::/0"), {Tier: "probe", Owner: "none", Groups: filterOf("none").Groups[1:]},
	} {
		must(t, h.ApplyFirewall(t.Context(), firewall))
	}
	want := map[string][]netip.Prefix{
		"shop":   networks("10.0.0.0/25", "10.0.0.128/25", "fd00::/64"),
		"blog-1": networks("0.0.0.0/0", "::/0"),
		"none":   nil,
	}
	if diff := cmp.Diff(want, ask(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := host.MissingNetworks(networks("10.0.0.7/32", "10.1.0.0/16", "fd00::1/128"), want["shop"]); !cmp.Equal(got, networks("10.1.0.0/16"), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })) {
		t.Errorf("missing are %v", got)
	}
}
