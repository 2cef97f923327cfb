package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// readDeclaration takes what one machine says was declared without believing it:
// whoever is root there can have written anything. It has to be what a plan would
// accept, of the cluster that was asked for; it lets no destroy wipe data, and it
// vouches for no machine.
func (r *clusterResource[M, C, P]) readDeclaration(ctx context.Context, content []byte, name string, state *tfsdk.State) error {
	if !host.IsText(content) {
		return errors.New("it has control characters")
	}
	raw := tfprotov6.RawState{JSON: content}
	value, err := raw.UnmarshalWithOpts(state.Schema.Type().TerraformType(ctx), tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		return err
	}
	state.Raw = value
	var read M
	if diags := state.Get(ctx, &read); diags.HasError() {
		return diagnosticsError(diags)
	}
	p := P(&read)
	if got := p.label().ValueString(); got != name {
		return fmt.Errorf("it is of %q and not of %q", got, name)
	}
	if len(p.cluster().nodes()) == 0 {
		return errors.New("it names no machine")
	}
	for _, problem := range faults[M, C](ctx, p) {
		// Secrets are in no state.
		if at := strings.Join(problem.Path, "."); !strings.HasSuffix(at, "_wo") {
			return fmt.Errorf("%s: %s", at, problem.Message)
		}
	}
	p.cluster().OnDestroy = types.StringValue(destroyKeep)
	p.cluster().HostKeys = stringMap(nil)
	p.cluster().Drift = driftValue(nil)
	p.cluster().Nodes = withoutHostKeys(ctx, p.cluster().Nodes)
	return diagnosticsError(state.Set(ctx, &read))
}

// withoutHostKeys drops the keys that nodes are pinned to.
func withoutHostKeys(ctx context.Context, nodes types.Map) types.Map {
	kept := map[string]attr.Value{}
	for name, value := range nodes.Elements() {
		object, ok := value.(types.Object)
		if !ok {
			continue
		}
		attributes := object.Attributes()
		attributes["host_key"] = types.StringNull()
		kept[name] = types.ObjectValueMust(object.AttributeTypes(ctx), attributes)
	}
	return types.MapValueMust(nodes.ElementType(ctx), kept)
}

// diagnosticsError is the first error of diagnostics, or nil.
func diagnosticsError(diags diag.Diagnostics) error {
	for _, d := range diags.Errors() {
		return fmt.Errorf("%s: %s", d.Summary(), d.Detail())
	}
	return nil
}

// importedKey is where the private state says that a resource was imported and has
// not been applied since, with the machine that it was imported through.
const importedKey = "imported"

// notImported is what is under importedKey once a configuration has named the nodes.
const notImported = `{}`

// importedFrom is what is kept under importedKey.
func importedFrom(seed nodeModel) []byte {
	from, _ := json.Marshal(importSeed{Host: seed.Host.ValueString(), Port: seed.Port.ValueInt64()}) //nolint:errchkjson // a string and a number
	return from
}

type importSeed struct {
	Host string `json:"host"`
	Port int64  `json:"port,omitempty"`
}

// strangers lists the nodes of an imported resource that nothing but the machine
// it was imported through has named: neither that machine nor known to the provider
// by their host keys. To contact them would be to log in wherever that machine says.
func (a *access) strangers(imported []byte, nodes map[string]nodeModel) []string {
	var seed importSeed
	if len(imported) == 0 || json.Unmarshal(imported, &seed) != nil || seed.Host == "" {
		return nil
	}
	if seed.Port == 0 {
		seed.Port = int64(a.base.Port)
	}
	var strangers []string
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[name]
		if node.Host.ValueString() == seed.Host && int64Or(node.Port, int64(a.base.Port)) == seed.Port {
			continue
		}
		if !a.hop(name, node, "").Vouched() {
			strangers = append(strangers, name)
		}
	}
	return strangers
}

// notContacted is the drift of a resource with strangers.
func notContacted(strangers []string) map[string][]string {
	return map[string][]string{reconcile.ClusterNode: {fmt.Sprintf(
		"it was imported and its machines were not compared, because nothing vouches for %s yet; an apply contacts them as the configuration names them",
		strings.Join(strangers, ", "))}}
}
