package webtier

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func good() Spec {
	return Spec{
		Name:         "shop",
		Nodes:        []host.Node{{Name: "web1", Address: "10.0.0.11"}, {Name: "web2", Address: "10.0.0.12"}, {Name: "web3", Address: "10.0.0.13"}},
		DocumentRoot: "/srv/www/site",
		Mount:        &Mount{Source: "10.0.0.21:/content", BackupServers: []string{"10.0.0.22", "10.0.0.23"}},
	}
}

func goodWordPress() *WordPress {
	return &WordPress{DBHost: "10.0.0.100", DBName: "wordpress", DBUser: "wordpress", DBPassword: `it's \ $(x)`,
		URL: "https://shop.example.org/", Title: "Shop", AdminUser: "admin", AdminPassword: "x", AdminEmail: "a@example.org"}
}

func wordpressSpec() Spec {
	s := good()
	s.WordPress = goodWordPress()
	return s.Defaulted()
}

func TestDefaults(t *testing.T) {
	s := good()
	s.NodeBalancer = &NodeBalancer{ID: 1, ConfigID: 2}
	d := s.Defaulted()
	got := []any{d.Port, *d.PHP, d.HealthPath, d.TrustedProxies, d.MountPoint, d.Mount.Type, *d.DrainSeconds}
	want := []any{80, true, "/healthz", []string{"192.168.255.0/24"}, "/srv/www", "glusterfs", 60}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if admin := (WordPress{}).defaulted("shop").AdminUser; admin != "shop-admin" {
		t.Errorf("the administrator is %s", admin)
	}
	if s.Mount.Type != "" {
		t.Error("the spec itself was changed")
	}
	for root, want := range map[string]string{"/srv/www/site/public": "/srv/www", "/srv/www": "/srv/www", "/content": "/content"} {
		if got := mountPointFor(root); got != want {
			t.Errorf("mount point for %s is %s, want %s", root, got, want)
		}
	}
}

// TestOrderIsNoChange has names, networks and packages in another order, and twice.
func TestOrderIsNoChange(t *testing.T) {
	hosts, _, _ := simulate(t, "web1", "web2", "web3")
	spec := good()
	spec.ServerName, spec.ServerAliases = "shop.example.org", []string{"a.example.org", "b.example.org"}
	spec.TrustedProxies, spec.Packages = []string{"10.1.0.0/16", "10.2.0.0/16"}, []string{"php-gd", "php-intl"}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{spec.ServerAliases, spec.TrustedProxies, spec.Packages, spec.Mount.BackupServers} {
		slices.Reverse(names)
	}
	spec.ServerAliases = append(spec.ServerAliases, spec.ServerAliases[0])
	if plan := planSim(t, hosts, spec); !plan.Empty() {
		t.Errorf("the plan is %v", plan.Drift())
	}
}

// TestNobodyIsTrusted keeps an empty list apart from none.
func TestNobodyIsTrusted(t *testing.T) {
	spec := good()
	spec.TrustedProxies = []string{}
	if got := spec.Defaulted().Defaulted().TrustedProxies; got == nil || len(got) != 0 {
		t.Errorf("trusted are %v", got)
	}
}
