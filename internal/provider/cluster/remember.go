package cluster

import (
	"context"
	"encoding/json"
	"maps"
	"math/big"
	"path"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// declarationPath is where a cluster's machines keep what was declared, so that
// an empty state can be filled from any of them. Passwords are write-only and never
// reach the state that it is a copy of; the floating IP's auth_secret does, so the
// file is for root alone.
func (r *Resource[M, C, P]) declarationPath(name string) string {
	return path.Join(host.MarkerDirectory, r.Kind+"-"+name+".declaration")
}

// remember writes the declaration to every machine. A failure is a warning: the
// cluster is as it should be, and only import would miss the file.
func (r *Resource[M, C, P]) remember(ctx context.Context, plan P, state tftypes.Value, hosts host.Hosts) diag.Diagnostics {
	var diags diag.Diagnostics
	plain, err := plainValue(state)
	if err != nil {
		diags.AddError("Unable to Remember Declaration", tier.Sentence(err)+" This is always a bug in the provider; please report it.")
		return diags
	}
	content, err := json.MarshalIndent(plain, "", "  ")
	if err != nil {
		diags.AddError("Unable to Remember Declaration", tier.Sentence(err)+" This is always a bug in the provider; please report it.")
		return diags
	}
	file := host.File{Path: r.declarationPath(plan.Label().ValueString()), Content: append(content, '\n'), Mode: "0600"}
	seen := host.Look(ctx, hosts.Views(), func(ctx context.Context, view host.View) (struct{}, error) {
		return struct{}{}, hosts[view.Name()].WriteFile(ctx, file)
	})
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if err := seen[name].Err; err != nil {
			diags.AddWarning("Declaration Not Remembered", tier.Sentence(err)+" The cluster itself is as declared; only an import through this node would not work.")
		}
	}
	return diags
}

// forget removes the declaration; a machine that does not answer keeps it.
func (r *Resource[M, C, P]) forget(ctx context.Context, state P, hosts host.Hosts) {
	host.Look(ctx, hosts.Views(), func(ctx context.Context, view host.View) (struct{}, error) {
		name := state.Label().ValueString()
		if err := hosts[view.Name()].ReleasePackages(ctx, r.Kind+"-"+name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, hosts[view.Name()].RemoveFile(ctx, r.declarationPath(name))
	})
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
