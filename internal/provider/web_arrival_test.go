package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestAnArrivalWaits has a NodeBalancer report a backend as one thing after the other. An
// arrival waits for it to be up, and for another address again.
func TestAnArrivalWaits(t *testing.T) {
	for name, test := range map[string]struct {
		// says are the backend's mode and status at one question after the other; the last
		// answer is that of all further ones.
		says    []string
		seconds int
		// asked is how often at least, for one address.
		asked   int
		warning string
	}{
		"it is up":              {[]string{"accept UP"}, 90, 1, ""},
		"it comes up":           {[]string{"accept Unknown", "accept DOWN", "accept UP"}, 90, 3, ""},
		"the API fails once":    {[]string{"", "accept UP"}, 90, 2, ""},
		"it is kept from them":  {[]string{"drain DOWN"}, 90, 1, ""},
		"nothing is waited for": {[]string{"accept DOWN"}, 0, 0, ""},
		"it stays down":         {[]string{"accept DOWN"}, 1, 1, "Backend Not Up: "},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, "n1")
			var asked atomic.Int64
			var address atomic.Value
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				says := test.says[min(int(asked.Add(1)), len(test.says))-1]
				mode, status, found := strings.Cut(says, " ")
				if !found || r.URL.Path != "/v4/nodebalancers/11/configs/22/nodes" {
					w.WriteHeader(http.StatusNotFound)
					_, _ = w.Write([]byte(`{"errors": [{"reason": "Not found"}]}`))
					return
				}
				_, _ = fmt.Fprintf(w, `{"page": 1, "pages": 1, "results": 1, "data": [{"id": 5, "address": %q, "mode": %q, "status": %q}]}`, address.Load(), mode, status)
			}))
			t.Cleanup(api.Close)
			t.Setenv("LINODE_URL", api.URL)
			t.Setenv("LINODE_TOKEN", "t0ken")
			config := func(at string) string {
				return f.config(fmt.Sprintf("resource \"ha_web_arrival\" \"t\" {\n  nodebalancer = { id = 11, config_id = 22 }\n  address = %q\n  wait_seconds = %d\n}\n", at, test.seconds))
			}
			at := func(next string) func() {
				return func() { address.Store(next); asked.Store(0); f.warned() }
			}
			waited := look(func() error {
				if said, count := f.warned(), int(asked.Load()); count < test.asked || (test.warning == "") != (said == "") || !strings.Contains(said, test.warning) {
					return fmt.Errorf("the API was asked %d times, and the apply said %q", count, said)
				}
				return nil
			})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{PreConfig: at("192.168.128.11:80"), Config: config("192.168.128.11:80"), Check: waited},
					{PreConfig: at("192.168.128.12:80"), Config: config("192.168.128.12:80"), Check: waited},
				},
			})
		})
	}
}
