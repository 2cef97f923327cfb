package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// declarationPath is where a cluster's machines keep what was declared, so that
// an empty state can be filled from any of them. Passwords are write-only and never
// reach the state that it is a copy of; the floating IP's auth_secret does, so the
// file is for root alone.
func (r *clusterResource[M, C, P]) declarationPath(name string) string {
	return path.Join(host.MarkerDirectory, r.kind+"-"+name+".declaration")
}

// remember writes the declaration to every machine. A failure is a warning: the
// cluster is as it should be, and only import would miss the file.
func (r *clusterResource[M, C, P]) remember(ctx context.Context, plan P, state tftypes.Value, hosts host.Hosts) diag.Diagnostics {
	var diags diag.Diagnostics
	plain, err := plainValue(state)
	if err != nil {
		diags.AddError("Unable to Remember Declaration", sentence(err)+" This is always a bug in the provider; please report it.")
		return diags
	}
	content, err := json.MarshalIndent(plain, "", "  ")
	if err != nil {
		diags.AddError("Unable to Remember Declaration", sentence(err)+" This is always a bug in the provider; please report it.")
		return diags
	}
	file := host.File{Path: r.declarationPath(plan.label().ValueString()), Content: append(content, '\n'), Mode: "0600"}
	seen := host.Look(ctx, hosts.Views(), func(ctx context.Context, view host.View) (struct{}, error) {
		return struct{}{}, hosts[view.Name()].WriteFile(ctx, file)
	})
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if err := seen[name].Err; err != nil {
			diags.AddWarning("Declaration Not Remembered", sentence(err)+" The cluster itself is as declared; only an import through this node would not work.")
		}
	}
	return diags
}

// forget removes the declaration; a machine that does not answer keeps it.
func (r *clusterResource[M, C, P]) forget(ctx context.Context, state P, hosts host.Hosts) {
	host.Look(ctx, hosts.Views(), func(ctx context.Context, view host.View) (struct{}, error) {
		name := state.label().ValueString()
		if err := hosts[view.Name()].ReleasePackages(ctx, r.kind+"-"+name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, hosts[view.Name()].RemoveFile(ctx, r.declarationPath(name))
	})
}

// ImportState fills an empty state from what one machine of the cluster
// remembers. The id is "<name>@<host>" or "<name>@<host>:<port>" of any machine.
func (r *clusterResource[M, C, P]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	fail := func(err error) { resp.Diagnostics.Append(failure("Import", r.title, err)) }
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
		fail(fmt.Errorf("there is no %s on %s: no %s named %q was built on this machine by the provider", r.declarationPath(name), seed.Host.ValueString(), r.title, name))
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

// plainValue turns a state value into what encoding/json writes.
func plainValue(value tftypes.Value) (any, error) {
	if value.IsNull() || !value.IsKnown() {
		return nil, nil
	}
	switch kind := value.Type(); {
	case kind.Is(tftypes.String):
		var s string
		err := value.As(&s)
		return s, err
	case kind.Is(tftypes.Bool):
		var b bool
		err := value.As(&b)
		return b, err
	case kind.Is(tftypes.Number):
		var n big.Float
		err := value.As(&n)
		return json.Number(n.Text('f', -1)), err
	case kind.Is(tftypes.List{}), kind.Is(tftypes.Set{}), kind.Is(tftypes.Tuple{}):
		var items []tftypes.Value
		if err := value.As(&items); err != nil {
			return nil, err
		}
		plain := make([]any, len(items))
		for i, item := range items {
			var err error
			if plain[i], err = plainValue(item); err != nil {
				return nil, err
			}
		}
		return plain, nil
	}
	var fields map[string]tftypes.Value
	if err := value.As(&fields); err != nil {
		return nil, err
	}
	plain := map[string]any{}
	for name, field := range fields {
		var err error
		if plain[name], err = plainValue(field); err != nil {
			return nil, err
		}
	}
	return plain, nil
}
