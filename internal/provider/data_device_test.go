package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

func TestDataDevices(t *testing.T) {
	nodes := func(devices map[string]types.String) *cluster.Shared {
		kind := map[string]attr.Type{"host": types.StringType, "data_device": types.StringType}
		all := map[string]attr.Value{}
		for name, device := range devices {
			all[name] = types.ObjectValueMust(kind, map[string]attr.Value{"host": types.StringValue(name), "data_device": device})
		}
		return &cluster.Shared{Nodes: types.MapValueMust(types.ObjectType{AttrTypes: kind}, all)}
	}
	prior := nodes(map[string]types.String{"db1": types.StringValue("/dev/sdc"), "db2": types.StringNull(), "db3": types.StringValue("/dev/sdc")})
	now := nodes(map[string]types.String{"db1": types.StringUnknown(), "db2": types.StringValue("/dev/sdd"), "db3": types.StringNull()})
	if diff := cmp.Diff(map[string]string{"db1": "", "db2": "/dev/sdd"}, dataDevices(now)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	problems := devicesTaken(now, prior)
	if len(problems) != 1 || cmp.Diff([]string{"nodes", "db3", "data_device"}, problems[0].Path) != "" {
		t.Errorf("problems %+v", problems)
	}
}
