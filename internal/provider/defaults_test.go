package provider

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier"
)

// literalDefault is a default that is written as the value itself.
var literalDefault = regexp.MustCompile("Default: (?:`([^`\"]+)`|(true|false|[0-9]+(?:\\.[0-9]+)?))[.;,]")

// TestDefaultsOfResourcesAreDocumented holds what the documentation calls a default
// against what is taken where an attribute is left out.
func TestDefaultsOfResourcesAreDocumented(t *testing.T) {
	found := 0
	for resource, build := range resourceSchemas() {
		inCode := defaultsInCode()
		for at, attribute := range attributesOf("", build(t.Context()).Attributes) {
			if strings.HasPrefix(at, "timeouts.") {
				continue
			}
			documented := ""
			if match := literalDefault.FindStringSubmatch(attribute.GetMarkdownDescription()); match != nil {
				documented = match[1] + match[2]
				found++
			}
			taken, declared := schemaDefault(t, attribute)
			if !declared {
				taken = inCode[resource+"."+at]
			}
			if documented != taken {
				t.Errorf("%s.%s: the default is %q, and %q is documented", resource, at, taken, documented)
			}
		}
	}
	// The number only says that they are still found.
	if found < 25 {
		t.Errorf("%d defaults were found", found)
	}
}

// defaultsInCode are the defaults that a tier has and no schema.
func defaultsInCode() map[string]string {
	check := floatingip.Spec{Address: "10.0.0.100/24", Check: floatingip.Check{Kind: floatingip.CheckHTTP}}.Defaulted().Check
	wordPress := webtier.Spec{Name: "shop", WordPress: &webtier.WordPress{}}.Defaulted().WordPress
	text := fmt.Sprint
	reboot := map[bool]string{false: tier.RebootNever, true: tier.RebootIfRequired}[(&cluster.Shared{}).SystemOS().Reboot]
	return map[string]string{
		"floating_ip.check.galera.allow_donor":       text(!floatingip.Check{}.RefuseDonor),
		"floating_ip.check.galera.allow_read_only":   text(floatingip.Check{}.AllowReadOnly),
		"floating_ip.check.http.port":                text(check.Port),
		"floating_ip.check.http.path":                check.Path,
		"floating_ip.check.interval_seconds":         text(check.IntervalSeconds),
		"floating_ip.advertisement_interval_seconds": text(floatingip.Spec{}.Defaulted().AdvertisementIntervalSeconds),
		"floating_ip.check.timeout_seconds":          text(check.TimeoutSeconds),
		"floating_ip.check.fall":                     text(check.Fall),
		"floating_ip.check.rise":                     text(check.Rise),
		"gluster_volume.replica":                     text(gluster.Spec{}.Defaulted().Replica),
		"gluster_volume.arbiter":                     text(gluster.Spec{}.Defaulted().Arbiter),
		"web_tier.trusted_proxies":                   webtier.NodeBalancerNetwork,
		"web_tier.wordpress.title":                   wordPress.Title,
		"web_tier.wordpress.table_prefix":            wordPress.TablePrefix,
		"web_tier.wordpress.program_files":           wordPress.ProgramFiles,
		"web_tier.wordpress.updates":                 wordPress.Updates,
		"web_tier.wordpress.xmlrpc":                  text(wordPress.XMLRPC),
		"floating_ip.os.reboot":                      reboot,
		"galera_cluster.os.reboot":                   reboot,
		"gluster_volume.os.reboot":                   reboot,
		"web_tier.os.reboot":                         reboot,
		// A node is an arbitrator if it says so.
		"galera_cluster.nodes.arbitrator": "false",
		// Of the address from the host; see addressFromHost.
		"floating_ip.nodes.address":    "host",
		"galera_cluster.nodes.address": "host",
		"gluster_volume.nodes.address": "host",
		"web_tier.nodes.address":       "host",
	}
}

// attributesOf returns all attributes, by where they lie.
func attributesOf(below string, attributes map[string]resourceschema.Attribute) map[string]resourceschema.Attribute {
	all := map[string]resourceschema.Attribute{}
	for name, attribute := range attributes {
		all[below+name] = attribute
		switch attribute := attribute.(type) {
		case resourceschema.SingleNestedAttribute:
			maps.Copy(all, attributesOf(below+name+".", attribute.Attributes))
		case resourceschema.MapNestedAttribute:
			maps.Copy(all, attributesOf(below+name+".", attribute.NestedObject.Attributes))
		}
	}
	return all
}

// schemaDefault returns the default that Terraform is told of.
func schemaDefault(t *testing.T, attribute resourceschema.Attribute) (value string, declared bool) {
	t.Helper()
	switch attribute := attribute.(type) {
	case resourceschema.StringAttribute:
		if attribute.Default == nil {
			return "", false
		}
		var resp defaults.StringResponse
		attribute.Default.DefaultString(t.Context(), defaults.StringRequest{}, &resp)
		return resp.PlanValue.ValueString(), true
	case resourceschema.BoolAttribute:
		if attribute.Default == nil {
			return "", false
		}
		var resp defaults.BoolResponse
		attribute.Default.DefaultBool(t.Context(), defaults.BoolRequest{}, &resp)
		return resp.PlanValue.String(), true
	case resourceschema.Int64Attribute:
		if attribute.Default == nil {
			return "", false
		}
		var resp defaults.Int64Response
		attribute.Default.DefaultInt64(t.Context(), defaults.Int64Request{}, &resp)
		return resp.PlanValue.String(), true
	}
	return "", false
}

// TestDefaultsOfConnections holds the documented defaults of ssh and of its bastions
// against the way that an empty configuration makes.
func TestDefaultsOfConnections(t *testing.T) {
	for name, value := range map[string]string{
		"HA_SSH_USER": "of-environment", "HA_SSH_PRIVATE_KEY": sshtest.NewKey(t), "HA_SSH_PRIVATE_KEY_PASSPHRASE": "phrase", "HA_SSH_KNOWN_HOSTS": "# known",
	} {
		t.Setenv(name, value)
	}
	of := func(settings *sshModel) *cluster.Access {
		a, diags := newAccess(t.Context(), providerModel{SSH: settings}, "test")
		if diags.HasError() {
			t.Fatal(diags)
		}
		return a
	}
	bastion := []bastionModel{{Host: types.StringValue("gate")}}
	empty := of(nil)
	given := of(&sshModel{
		User: types.StringValue("deploy"), Port: types.Int64Value(2222), Certificate: types.StringNull(), Agent: types.BoolValue(true),
		HostKeyPolicy: types.StringValue(policyAcceptNew), Bastions: bastion,
	})
	t.Setenv("HA_SSH_USER", "")
	bare := of(nil)
	gate := given.Bastions[0]
	documented := descriptionsOf(sshSchema().Attributes)
	ofBastion := descriptionsOf(bastionAttributes())
	for _, d := range []struct {
		at, says, want string
		taken          any
		texts          map[string]string
	}{
		{"user", "Default: `HA_SSH_USER`, or `root`.", "of-environment root", empty.Default.User + " " + bare.Default.User, documented},
		{"port", "Default: 22.", "22", empty.Default.Port, documented},
		{"private_key", "Default: `HA_SSH_PRIVATE_KEY`", "true", empty.Default.Auth.PrivateKey != "", documented},
		{"private_key_passphrase", "Default: `HA_SSH_PRIVATE_KEY_PASSPHRASE`.", "phrase", empty.Default.Auth.Passphrase, documented},
		{"certificate", "Default: none.", "", empty.Default.Auth.Certificate, documented},
		{"agent", "Default: false.", "false", empty.Default.Auth.Agent, documented},
		{"known_hosts", "Default: `HA_SSH_KNOWN_HOSTS`.", "# known", empty.Default.HostKey.KnownHosts, documented},
		{"host_key_policy", "Default: `pinned`.", "false", empty.Default.HostKey.AcceptNew, documented},
		{"connect_timeout_seconds", "Default: 10.", "10s", empty.ConnectTimeout, documented},
		{"boot_timeout_seconds", "Default: 300.", "5m0s", empty.BootTimeout, documented},
		{"bastions", "Default: none.", "0", len(empty.Bastions), documented},
		{"port", "Default: 22.", "22", gate.Port, ofBastion},
		{"user", "Default: the `user` of `ssh`.", "deploy", gate.User, ofBastion},
		{"private_key", "Default: the `private_key` of `ssh`, with its passphrase and its certificate, and the agent", "true", gate.Auth == given.Default.Auth, ofBastion},
		{"private_key_passphrase", "Default: none.", "", of(&sshModel{Bastions: ownKey(t)}).Bastions[0].Auth.Passphrase, ofBastion},
		{"certificate", "Default: none.", "", of(&sshModel{Bastions: ownKey(t)}).Bastions[0].Auth.Certificate, ofBastion},
		{"host_key", "Default: what `known_hosts` has", "# known false", fmt.Sprint(gate.HostKey.KnownHosts, " ", gate.HostKey.AcceptNew), ofBastion},
	} {
		if !strings.Contains(d.texts[d.at], d.says) {
			t.Errorf("%s is documented as %q, without %q", d.at, d.texts[d.at], d.says)
		}
		if got := fmt.Sprint(d.taken); got != d.want {
			t.Errorf("%s is %s, and %s is documented", d.at, got, d.want)
		}
	}
	if of(&sshModel{Bastions: ownKey(t), Agent: types.BoolValue(true)}).Bastions[0].Auth.Agent {
		t.Error("a bastion with a key of its own is offered the agent's keys too")
	}
}

func ownKey(t *testing.T) []bastionModel {
	t.Helper()
	return []bastionModel{{Host: types.StringValue("gate"), PrivateKey: types.StringValue(sshtest.NewKey(t))}}
}

func descriptionsOf(attributes map[string]schema.Attribute) map[string]string {
	texts := map[string]string{}
	for name, attribute := range attributes {
		texts[name] = attribute.GetMarkdownDescription()
	}
	return texts
}
