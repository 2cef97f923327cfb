package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/linode/linodego"
)

func itoa(n int) string { return strconv.Itoa(n) }

// request sends a request as it stands, past linodego's types.
func (l *lab) request(method, path, body string, header ...string) (int, string) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func TestRefusals(t *testing.T) {
	l := newLab(t)
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		field, reason            string
	}{
		{"no token", "GET", "/v4/profile", "", []string{"Authorization", ""}, 401, "", "Invalid Token"},
		{"wrong token", "GET", "/v4/profile", "", []string{"Authorization", "Bearer other"}, 401, "", "Invalid Token"},
		{"no such instance", "GET", "/v4/linode/instances/7", "", nil, 404, "", "Not found"},
		{"not an id", "GET", "/v4/linode/instances/seven", "", nil, 501, "", "/v4/linode/instances/seven"},
		{"beyond the contract", "GET", "/v4/lke/clusters", "", nil, 501, "", "/v4/lke/clusters"},
		{"in the contract only", "POST", "/v4/images", `{"disk_id":1}`, nil, 501, "", "POST /v4/images"},
		{"other version", "GET", "/v5/profile", "", nil, 404, "", "Not found"},
		{"unknown field", "POST", "/v4/linode/instances", `{"region":"us-east","type":"g6-nanode-1","color":"red"}`, nil, 400, "", "color"},
		{"missing field", "POST", "/v4/linode/instances", `{"region":"us-east"}`, nil, 400, "type", ""},
		{"wrong type", "POST", "/v4/linode/instances", `{"region":"us-east","type":"g6-nanode-1","private_ip":"yes"}`, nil, 400, "private_ip", ""},
		{"enum", "POST", "/v4/nodebalancers", `{"region":"us-east","configs":[{"protocol":"gopher","nodes":[]}]}`, nil, 400, "configs.0.protocol", ""},
		{"range", "POST", "/v4/nodebalancers", `{"region":"us-east","client_conn_throttle":21}`, nil, 400, "client_conn_throttle", ""},
		{"not JSON", "POST", "/v4/nodebalancers", `{`, nil, 400, "", ""},
		{"read-only field", "PUT", "/v4/profile", `{"username":"other"}`, nil, 400, "username", ""},
		{"page size", "GET", "/v4/linode/instances?page_size=5", "", nil, 400, "page_size", ""},
		{"page", "GET", "/v4/linode/instances?page=0", "", nil, 400, "page", "at least 1"},
		{"bad filter", "GET", "/v4/linode/instances", "", []string{"X-Filter", "{"}, 400, "", "X-Filter"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := l.request(test.method, test.path, test.body, test.header...)
			var answer struct {
				Errors []struct{ Field, Reason string }
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Errors) != 1 {
				t.Fatalf("%d %s is not Linode's shape: %v", status, body, err)
			}
			e := answer.Errors[0]
			if status != test.status || (test.field != "" && e.Field != test.field) || !strings.Contains(e.Reason, test.reason) || e.Reason == "" {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

func TestBothVersionsAndCatalog(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, version := range []string{"v4", "v4beta"} {
		c := newClient(l.url, testToken)
		c.SetAPIVersion(version)
		if p := must(c.GetProfile(ctx))(t); p.Username != "lab" {
			t.Errorf("profile %+v", p)
		}
	}
	c := l.client
	must(c.UpdateProfile(ctx, linodego.ProfileUpdateOptions{Timezone: "Europe/Berlin"}))(t)
	must(c.GetAccount(ctx))(t)
	must(c.UpdateAccount(ctx, linodego.AccountUpdateOptions{Company: "Example"}))(t)
	if got := must(c.ListRegions(ctx, nil))(t); len(got) < 5 {
		t.Errorf("%d regions", len(got))
	}
	must(c.GetRegion(ctx, "us-east"))(t)
	must(c.ListRegionsAvailability(ctx, nil))(t)
	must(c.GetRegionAvailability(ctx, "us-east"))(t)
	must(c.ListTypes(ctx, nil))(t)
	must(c.GetType(ctx, "g6-standard-2"))(t)
	must(c.ListImages(ctx, nil))(t)
	must(c.GetImage(ctx, "linode/debian12"))(t)
	must(c.ListKernels(ctx, nil))(t)
	must(c.GetKernel(ctx, "linode/grub2"))(t)
	must(c.ListNodeBalancerTypes(ctx, nil))(t)
	_, err := c.GetImage(ctx, "linode/arch")
	wantCode(t, err, 404)

	key := must(c.CreateSSHKey(ctx, linodego.SSHKeyCreateOptions{Label: "me", SSHKey: "ssh-ed25519 AAAA me"}))(t)
	must(c.UpdateSSHKey(ctx, key.ID, linodego.SSHKeyUpdateOptions{Label: "still me"}))(t)
	if got := must(c.GetSSHKey(ctx, key.ID))(t); got.Label != "still me" {
		t.Errorf("key %+v", got)
	}
	if got := must(c.ListSSHKeys(ctx, nil))(t); len(got) != 1 {
		t.Errorf("keys %+v", got)
	}
	if err := c.DeleteSSHKey(ctx, key.ID); err != nil {
		t.Error(err)
	}
	_, err = c.CreateSSHKey(ctx, linodego.SSHKeyCreateOptions{Label: "bad", SSHKey: "hello"})
	wantCode(t, err, 400)
}

func TestEventsSeenReadAndFilters(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	for n := range 3 {
		must(c.CreateSSHKey(ctx, linodego.SSHKeyCreateOptions{Label: fmt.Sprint("k", n), SSHKey: "ssh-ed25519 AAAA"}))(t)
	}
	events := must(c.ListEvents(ctx, nil))(t)
	if len(events) != 3 || events[0].ID < events[2].ID {
		t.Fatalf("events %+v", events)
	}
	if err := c.MarkEventRead(ctx, &events[2]); err != nil {
		t.Error(err)
	}
	if err := c.MarkEventsSeen(ctx, &events[1]); err != nil {
		t.Error(err)
	}
	if e := must(c.GetEvent(ctx, events[2].ID))(t); !e.Seen || !e.Read {
		t.Errorf("event %+v", e)
	}
	for filter, want := range map[string]int{
		`{"action":"user_ssh_key_add"}`:                      3,
		`{"entity.type":"user_ssh_key","entity.id":2}`:       1,
		`{"id":{"+gt":1}}`:                                   2,
		`{"id":{"+gte":2,"+lt":3}}`:                          1,
		`{"id":{"+lte":2}}`:                                  2,
		`{"+or":[{"id":1},{"id":3}]}`:                        2,
		`{"+and":[{"id":1},{"seen":true}],"+order_by":"id"}`: 1,
		`{"action":{"+neq":"user_ssh_key_add"}}`:             0,
		`{"action":{"+contains":"ssh"}}`:                     3,
		`{"created":{"+gte":"2001-01-01T00:00:00"},"+order":"asc","+order_by":"created"}`: 3,
	} {
		if got := must(c.ListEvents(ctx, linodego.NewListOptions(0, filter)))(t); len(got) != want {
			t.Errorf("%s found %d, want %d", filter, len(got), want)
		}
	}
	ordered := must(c.ListEvents(ctx, linodego.NewListOptions(0, `{"+order_by":"id","+order":"asc"}`)))(t)
	if ordered[0].ID != 1 {
		t.Errorf("first of ascending is %d", ordered[0].ID)
	}
}

func TestPages(t *testing.T) {
	l := newLab(t)
	for n := range 30 {
		must(l.client.CreateSSHKey(t.Context(), linodego.SSHKeyCreateOptions{Label: fmt.Sprint("k", n), SSHKey: "ssh-ed25519 AAAA"}))(t)
	}
	options := linodego.ListOptions{PageSize: 25}
	if got := must(l.client.ListSSHKeys(t.Context(), &options))(t); len(got) != 30 || options.Pages != 2 || options.Results != 30 {
		t.Errorf("%d keys, options %+v", len(got), options)
	}
	_, body := l.request("GET", "/v4/profile/sshkeys?page=2&page_size=25", "")
	var page struct{ Data []any }
	if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Data) != 5 {
		t.Errorf("second page: %s", body)
	}
	if status, body := l.request("GET", "/v4/profile/sshkeys?page=9223372036854775807", ""); status != 200 || !strings.Contains(body, `"data":[]`) {
		t.Errorf("a page after the last one: %d %s", status, body)
	}
}

func TestPersistence(t *testing.T) {
	first := newLab(t)
	i := first.boot(instanceOptions("web1"))
	nb := must(first.client.CreateNodeBalancer(t.Context(), linodego.NodeBalancerCreateOptions{Region: "us-east"}))(t)
	if err := first.server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(first.options.StateFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state file: %v %v", info, err)
	}
	if data, _ := os.ReadFile(first.options.StateFile); bytes.Contains(data, []byte("correct horse")) {
		t.Error("the root password is in the state file")
	}
	second := startLab(t, first.backend, Options{StateFile: first.options.StateFile})
	again := must(second.client.GetInstance(t.Context(), i.ID))(t)
	if again.Label != "web1" || again.Status != linodego.InstanceRunning {
		t.Errorf("instance after restart: %+v", again)
	}
	must(second.client.GetNodeBalancer(t.Context(), nb.ID))(t)
	next := second.boot(instanceOptions("web2"))
	if next.ID <= i.ID || next.IPv4[0].Equal(*i.IPv4[0]) {
		t.Errorf("%d %v follows %d %v", next.ID, next.IPv4, i.ID, i.IPv4)
	}
	if status, _ := first.request("GET", "/v4/profile", ""); status != 503 {
		t.Errorf("a closed server answers %d", status)
	}
}

func TestInterruptedWorkIsReported(t *testing.T) {
	path := t.TempDir() + "/region.json"
	st := newState()
	st.Instances[5] = &instance{ID: 5, Label: "cut", Region: "us-east", Type: "g6-nanode-1", Status: "booting", IPv4: []string{"172.29.1.1"}, Created: "2026-01-01T00:00:00", Updated: "2026-01-01T00:00:00"}
	st.Instances[6] = &instance{ID: 6, Label: "gone", Region: "us-east", Type: "g6-nanode-1", Status: "deleting", IPv4: []string{"172.29.1.2"}, Created: "2026-01-01T00:00:00", Updated: "2026-01-01T00:00:00"}
	st.Events = []*event{{ID: 1, Action: "linode_boot", Status: "started", Created: "2026-01-01T00:00:00", Entity: st.Instances[5].entity()}}
	if err := (store{path}).save(st); err != nil {
		t.Fatal(err)
	}
	l := startLab(t, newFakeBackend(), Options{StateFile: path})
	if got := must(l.client.GetInstance(t.Context(), 5))(t).Status; got != linodego.InstanceOffline {
		t.Errorf("status %s", got)
	}
	if e := must(l.client.GetEvent(t.Context(), 1))(t); e.Status != linodego.EventFailed {
		t.Errorf("event %+v", e)
	}
	l.until("the deletion is completed", func() bool {
		_, err := l.client.GetInstance(t.Context(), 6)
		return linodego.IsNotFound(err)
	})
}
