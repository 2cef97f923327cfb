package provider_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestTheNodeBalancerIsAskedForAtPlan keeps an apply from finding out after it
// has changed machines.
func TestTheNodeBalancerIsAskedForAtPlan(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"a wrong token":          {http.StatusUnauthorized, `{"errors": [{"reason": "Invalid Token"}]}`, "Linode Token Refused"},
		"a missing NodeBalancer": {http.StatusNotFound, `{"errors": [{"reason": "Not found"}]}`, "NodeBalancer Not Found"},
	}
	key := newKey(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			asked := make(chan string, 100)
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- r.Header.Get("Authorization") + " " + r.URL.Path
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			t.Cleanup(api.Close)
			t.Setenv("LINODE_URL", api.URL)
			t.Setenv("LINODE_TOKEN", "t0ken")
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{{
					Config: providerBlock(key, "") + "resource \"ha_web_tier\" \"t\" {\n  name = \"shop\"\n  document_root = \"/srv/www/shop\"\n" +
						"  nodebalancer = { id = 11, config_id = 22 }\n  " + threeNodes + "\n}\n",
					PlanOnly:    true,
					ExpectError: loose(test.want),
				}},
			})
			if got, want := <-asked, "Bearer t0ken /v4/nodebalancers/11/configs/22/nodes"; got != want {
				t.Errorf("asked for %q, want %q", got, want)
			}
		})
	}
}

func TestANodeBalancerNeedsAToken(t *testing.T) {
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: providerBlock(newKey(t), "") + "resource \"ha_web_tier\" \"t\" {\n  name = \"shop\"\n  document_root = \"/srv/www/shop\"\n" +
				"  nodebalancer = { id = 11, config_id = 22 }\n  " + threeNodes + "\n}\n",
			PlanOnly:    true,
			ExpectError: loose("No Linode Token"),
		}},
	})
}
