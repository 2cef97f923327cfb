package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// ImportState fills an empty state from what one machine of the cluster
// remembers. The id is "<name>@<host>" or "<name>@<host>:<port>" of any machine.
func (r *Resource[M, C, P]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	fail := func(err error) { resp.Diagnostics.Append(r.failure(ctx, "Import", err)) }
	name, seed, err := parseImportID(req.ID)
	if err != nil {
		fail(err)
		return
	}
	if err := r.access.requireKey(); err != nil {
		fail(err)
		return
	}
	machine := seed.Host.ValueString()
	hosts, _ := r.access.hosts(map[string]nodeModel{machine: seed}, nil, atOnce)
	content, err := hosts[machine].ReadFile(ctx, r.declarationPath(name))
	if err != nil {
		fail(err)
		return
	}
	if content == nil {
		fail(fmt.Errorf("there is no %s on %s: no %s named %q was built on this machine by the provider", r.declarationPath(name), seed.Host.ValueString(), r.Title, name))
		return
	}
	if err := r.readDeclaration(ctx, content, name, &resp.State); err != nil {
		fail(fmt.Errorf("cannot use %s of %s: %w", r.declarationPath(name), machine, err))
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, importedFrom(seed))...)
}

// parseImportID reads "<name>@<host>" and "<name>@<host>:<port>", with an IPv6
// address in brackets.
func parseImportID(id string) (name string, seed nodeModel, err error) {
	name, where, found := strings.Cut(id, "@")
	if !found || name == "" || where == "" || strings.ContainsAny(name, "/ ") {
		return "", seed, fmt.Errorf("cannot read import id %q: it is <name>@<host> or <name>@<host>:<port>, with any machine of the cluster as host", id)
	}
	seed.Port = types.Int64Null()
	if at := strings.LastIndex(where, ":"); at > strings.LastIndex(where, "]") && (strings.Count(where, ":") == 1 || strings.HasPrefix(where, "[")) {
		var port int64
		if _, err := fmt.Sscan(where[at+1:], &port); err != nil || port < 1 || port > 65535 {
			return "", seed, fmt.Errorf("cannot read import id %q: %q is not a port", id, where[at+1:])
		}
		seed.Port, where = types.Int64Value(port), where[:at]
	}
	seed.Host = types.StringValue(strings.Trim(where, "[]"))
	return name, seed, nil
}

// readDeclaration takes what one machine says was declared without believing it:
// whoever is root there can have written anything. It has to be what a plan would
// accept, of the cluster that was asked for; it lets no destroy wipe data, and it
// vouches for no machine.
func (r *Resource[M, C, P]) readDeclaration(ctx context.Context, content []byte, name string, state *tfsdk.State) error {
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
	if got := p.Label().ValueString(); got != name {
		return fmt.Errorf("it is of %q and not of %q", got, name)
	}
	if len(p.shared().nodes()) == 0 {
		return errors.New("it names no machine")
	}
	for _, problem := range faults[M, C](ctx, p) {
		// Secrets are in no state.
		if at := strings.Join(problem.Path, "."); !strings.HasSuffix(at, "_wo") {
			return fmt.Errorf("%s: %s", at, problem.Message)
		}
	}
	keepData(p)
	p.shared().HostKeys = StringMap(nil)
	p.shared().Drift = driftValue(nil)
	p.shared().Rollout = noRollout()
	p.shared().Nodes = withoutHostKeys(ctx, p.shared().Nodes)
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
