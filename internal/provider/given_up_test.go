package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

// TestARecoveryDoesNotWaitForWhoIsGivenUp holds the model to what a change asks of it.
func TestARecoveryDoesNotWaitForWhoIsGivenUp(t *testing.T) {
	missing := types.SetValueMust(types.StringType, []attr.Value{types.StringValue("db2")})
	kinds := map[string]attr.Type{"bootstrap_node": types.StringType, "allow_missing": missing.Type(t.Context()), "attempt": types.Int64Type}
	model := &galeraModel{Recovery: types.ObjectValueMust(kinds, map[string]attr.Value{
		"bootstrap_node": types.StringValue("db1"), "allow_missing": missing, "attempt": types.Int64Value(1),
	})}
	var asked cluster.HasGivenUp = model
	if got := asked.GivenUp(t.Context()); len(got) != 1 || got[0] != "db2" {
		t.Errorf("%v are given up", got)
	}
	model.Recovery = types.ObjectNull(kinds)
	if got := asked.GivenUp(t.Context()); len(got) > 0 {
		t.Errorf("%v are given up without a recovery", got)
	}
}
