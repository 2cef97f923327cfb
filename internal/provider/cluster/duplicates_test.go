package cluster

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestDuplicateHosts(t *testing.T) {
	at := func(host string, port types.Int64) nodeModel {
		return nodeModel{Host: types.StringValue(host), Port: port}
	}
	none, unknown, ssh, other := types.Int64Null(), types.Int64Unknown(), types.Int64Value(22), types.Int64Value(2222)
	same, different := true, false
	for name, test := range map[string]struct {
		a, b        nodeModel
		defaultPort types.Int64
		want        bool
	}{
		"two hosts":                            {at("m1", none), at("m2", none), ssh, different},
		"the same name":                        {at("m1", none), at("M1", none), ssh, same},
		"the same port":                        {at("m1", other), at("m1", other), ssh, same},
		"two ports":                            {at("m1", other), at("m1", ssh), ssh, different},
		"none and the default port":            {at("m1", none), at("m1", ssh), ssh, same},
		"none and the provider's port":         {at("m1", other), at("m1", none), other, same},
		"none and another than the provider's": {at("m1", none), at("m1", ssh), other, different},
		"none twice, default not known":        {at("m1", none), at("m1", none), none, same},
		"none and a port, default not known":   {at("m1", none), at("m1", ssh), none, different},
		"ports that the same apply makes":      {at("m1", unknown), at("m1", unknown), ssh, different},
		"hosts that the same apply makes":      {nodeModel{Host: types.StringUnknown()}, nodeModel{Host: types.StringUnknown()}, ssh, different},
	} {
		t.Run(name, func(t *testing.T) {
			got := duplicateHosts(map[string]nodeModel{"a": test.a, "b": test.b}, test.defaultPort)
			var texts []string
			paths := pathFinder{of: schema.Schema{Attributes: Attributes(t.Context(), nil, nil)}.Type()}
			for _, problem := range got {
				texts = append(texts, paths.sentence(problem))
			}
			said := strings.Join(texts, " ")
			if (len(got) > 0) != test.want || test.want && !strings.HasPrefix(said, `nodes["b"].host: Nodes a and b are the same machine, `) {
				t.Errorf("%s, want one: %t", said, test.want)
			}
		})
	}
}
