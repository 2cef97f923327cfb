package webtier

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestAServedSiteIsNotBegunAgain has what lies in the shared directory go, or another
// volume take its place: whatever was made there would be an empty site that looks
// healthy.
func TestAServedSiteIsNotBegunAgain(t *testing.T) {
	other := &webtiertest.Content{}
	for name, test := range map[string]struct {
		do   func(*webtiertest.Tier, *Spec)
		want string
	}{
		"the volume was emptied":    {func(tier *webtiertest.Tier, _ *Spec) { *tier.Volume = webtiertest.Content{} }, "sentinel is missing"},
		"the sentinel was removed":  {func(tier *webtiertest.Tier, _ *Spec) { tier.Volume.Site = "" }, "copy /var/lib/terraform-ha/web-shop.site of web1 to it"},
		"it is that of another one": {func(tier *webtiertest.Tier, _ *Spec) { tier.Volume.Site = "site-9" }, "is that of site-9"},
		"the document root is gone": {func(tier *webtiertest.Tier, _ *Spec) { tier.Volume.Root = false }, "/srv/www/site is missing"},
		"a copy on another volume":  {func(tier *webtiertest.Tier, _ *Spec) { tier.Volume.Volume = "v2" }, "is that of the volume v2"},
		"another volume, by its id": {func(_ *webtiertest.Tier, s *Spec) { s.Mount.Source, s.Mount.VolumeID = "10.0.0.21:/other", "v2" }, "cannot move to another volume"},
		"another one of that name":  {func(_ *webtiertest.Tier, s *Spec) { s.Mount.Source, s.Mount.VolumeID = "10.9.9.9:/content", "v2" }, "mount is the volume v2"},
		"another volume, no id":     {func(_ *webtiertest.Tier, s *Spec) { s.Mount.Source, s.Mount.VolumeID = "10.0.0.21:/other", "" }, "mount is the volume other"},
		"other servers, no site": {func(tier *webtiertest.Tier, s *Spec) {
			s.Mount.Source = "10.9.9.9:/content"
			tier.Others = map[string]*webtiertest.Content{s.Mount.Source: other}
		}, "10.9.9.9:/content"},
		"two sites": {func(tier *webtiertest.Tier, _ *Spec) {
			tier.Servers["web2"].Machine.WriteFile(good().siteRecord(), "site-9 v1")
		}, "web2 knows it as site-9"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, machines := simulate(t, "web1", "web2", "web3")
			spec := good()
			spec.Mount.VolumeID = "v1"
			if err := convergeSim(t, hosts, spec, nil); err != nil {
				t.Fatal(err)
			}
			if plan := planSim(t, hosts, spec); !plan.Empty() {
				t.Fatalf("left: %v", plan.Drift())
			}
			test.do(tier, &spec)
			before := *tier.Volume
			err := convergeSim(t, hosts, spec, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if *tier.Volume != before || *other != (webtiertest.Content{}) {
				t.Errorf("it was changed: %+v, %+v", tier.Volume, other)
			}
			for node, s := range tier.Servers {
				if s.Mounted != "10.0.0.21:/content" || machines[node].Unit(apacheUnit).Active != "active" {
					t.Errorf("%s has %s mounted, apache2 is %s", node, s.Mounted, machines[node].Unit(apacheUnit).Active)
				}
			}
		})
	}
}

// TestAVolumeIsNamedOnceItIsKnown begins with a mount without identity.
func TestAVolumeIsNamedOnceItIsKnown(t *testing.T) {
	hosts, tier, _, spec := built(t)
	spec.Mount.VolumeID = "v1"
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if tier.Volume.Volume != "v1" || tier.Volume.Site != "site-1" {
		t.Errorf("the sentinel is %+v", tier.Volume)
	}
	seen := observeSim(t, hosts, spec).Nodes["web2"]
	if want := (Identity{Site: "site-1", Volume: "v1"}); seen.Known != want {
		t.Errorf("web2 knows %+v", seen.Known)
	}
}

// TestANewMachineFindsTheSite joins it to a tier that serves, and to one whose volume
// was emptied.
func TestANewMachineFindsTheSite(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	for _, name := range []string{spec.siteRecord(), spec.marker().Path(), spec.Defaulted().library() + "/probe"} {
		machines["web2"].RemoveAll(name)
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if !tier.Servers["web2"].Exists(spec.siteRecord()) {
		t.Error("web2 has no record of the site")
	}
	machines["web2"].RemoveAll(spec.siteRecord())
	tier.Servers["web2"].Mounted = ""
	tier.Volume.Site = ""
	var refused *reconcile.RefusedError
	if err := convergeSim(t, hosts, spec, nil); !errors.As(err, &refused) || tier.Volume.Site != "" {
		t.Errorf("got %v", err)
	}
}

// TestAnEstablishedSiteIsNotBegunOnNewMachines has all machines made anew at once, so
// that only Terraform's state knows of the site.
func TestAnEstablishedSiteIsNotBegunOnNewMachines(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*webtiertest.Tier, *Spec)
		want string
	}{
		"the volume is as it was":      {func(*webtiertest.Tier, *Spec) {}, ""},
		"the volume was emptied":       {func(tier *webtiertest.Tier, _ *Spec) { *tier.Volume = webtiertest.Content{} }, "sentinel is missing"},
		"it is that of another site":   {func(tier *webtiertest.Tier, _ *Spec) { tier.Volume.Site = "site-9" }, "is that of site-9"},
		"the document root is gone":    {func(tier *webtiertest.Tier, _ *Spec) { tier.Volume.Root = false }, "/srv/www/site is missing"},
		"a new site is what is wanted": {func(tier *webtiertest.Tier, s *Spec) { *tier.Volume, s.Site = webtiertest.Content{}, "" }, ""},
		"a machine knows another site": {func(tier *webtiertest.Tier, _ *Spec) {
			tier.Servers["web2"].Machine.WriteFile(good().siteRecord(), "site-9 v1")
		}, "web2 knows it as site-9"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, _ := simulate(t, "web1", "web2", "web3")
			spec := good()
			must(t, convergeSim(t, hosts, spec, nil))
			spec.Site = spec.Defaulted().Established(observeSim(t, hosts, spec))
			hosts, again, _ := simulate(t, "web1", "web2", "web3")
			again.Volume = tier.Volume
			test.do(again, &spec)
			before := *again.Volume
			// The first one finds it out where it mounts the volume, and makes nothing.
			first := convergeSim(t, hosts, spec, nil)
			err := convergeSim(t, hosts, spec, nil)
			var refused *reconcile.RefusedError
			if (first != nil) != (err != nil) || errors.As(err, &refused) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, then %v", first, err)
			}
			if test.want != "" && *again.Volume != before {
				t.Errorf("it was changed: %+v", again.Volume)
			}
			if err != nil && !strings.Contains(err.Error(), "-replace") {
				t.Errorf("no remedy: %v", err)
			}
		})
	}
}

// TestEveryMachineHasARecordOfItsSite has somebody remove it.
func TestEveryMachineHasARecordOfItsSite(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"record": {func(s *webtiertest.Server) { s.Machine.RemoveAll(good().siteRecord()) }, "it serves the site and has no record of it"},
	})
}
