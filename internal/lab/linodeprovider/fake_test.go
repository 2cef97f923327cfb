package linodeprovider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeAPI is a small Linode API that keeps its objects by path and answers
// 501 to every call it does not know; such a call also fails the test.
type fakeAPI struct {
	t       *testing.T
	mutex   sync.Mutex
	next    int
	objects map[string]map[string]any
	calls   []string
}

const fakeToken = "a-token"

func newFakeAPI(t *testing.T) (*fakeAPI, string) {
	t.Helper()
	fake := &fakeAPI{t: t, next: 1000, objects: map[string]map[string]any{}}
	fake.objects["regions/lab"] = map[string]any{
		"id": "lab", "label": "The lab", "country": "de", "status": "ok", "site_type": "core",
		"capabilities": []any{"Linodes", "Vlans"}, "resolvers": map[string]any{"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"},
		"placement_group_limits": map[string]any{"maximum_pgs_per_customer": 100, "maximum_linodes_per_pg": 5},
	}
	fake.objects["linode/types/g6-nanode-1"] = map[string]any{
		"id": "g6-nanode-1", "label": "Nanode", "class": "nanode", "memory": 1024, "price": map[string]any{"hourly": 0.0075, "monthly": 5},
	}
	fake.objects["profile"] = map[string]any{"username": "lab", "email": "lab@example.com"}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, server.URL
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/v4/")
	f.calls = append(f.calls, r.Method+" "+path)
	if r.Header.Get("Authorization") != "Bearer "+fakeToken {
		f.answer(w, http.StatusUnauthorized, failure("Invalid Token"))
		return
	}
	var body map[string]any
	if r.Body != nil && r.ContentLength > 0 {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			f.answer(w, http.StatusBadRequest, failure(err.Error()))
			return
		}
	}
	status, answer := f.handle(r.Method, path, body)
	f.answer(w, status, answer)
}

func failure(reason string) map[string]any {
	return map[string]any{"errors": []any{map[string]any{"reason": reason}}}
}

func (f *fakeAPI) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		f.t.Errorf("cannot answer: %v", err)
	}
}

func (f *fakeAPI) handle(method, path string, body map[string]any) (int, any) {
	if status, answer, done := f.action(method, path, body); done {
		return status, answer
	}
	parts := strings.Split(path, "/")
	_, last := strconv.Atoi(parts[len(parts)-1])
	_, single := f.objects[path]
	switch {
	case method == http.MethodPost:
		return http.StatusOK, f.create(path, body)
	case method == http.MethodGet && !single && last != nil && isCollection(path):
		return http.StatusOK, f.page(path)
	case !single:
		return http.StatusNotFound, failure("Not found")
	case method == http.MethodGet:
		return http.StatusOK, f.boot(path)
	case method == http.MethodPut:
		for name, value := range body {
			f.objects[path][name] = value
		}
		return http.StatusOK, f.objects[path]
	case method == http.MethodDelete:
		f.remove(path)
		return http.StatusOK, map[string]any{}
	}
	f.t.Errorf("the fake does not know %s %s", method, path)
	return http.StatusNotImplemented, failure("unknown to the fake")
}

func isCollection(path string) bool {
	parts := strings.Split(path, "/")
	return slices.Contains([]string{
		"instances", "disks", "configs", "groups", "nodebalancers", "nodes", "firewalls", "devices", "sshkeys", "vpcs",
		"subnets", "regions", "vlans",
	}, parts[len(parts)-1])
}

// boot makes a created machine reach its state while it is being asked for.
func (f *fakeAPI) boot(path string) map[string]any {
	o := f.objects[path]
	answer := map[string]any{}
	for name, value := range o {
		answer[name] = value
	}
	if next, waiting := o["next_status"]; waiting {
		o["status"] = next
		delete(o, "next_status")
	}
	delete(answer, "next_status")
	return answer
}

// action answers the calls that are more than storing and returning.
func (f *fakeAPI) action(method, path string, body map[string]any) (int, any, bool) {
	parent, verb, _ := cutLast(path)
	ok := func(answer any) (int, any, bool) { return http.StatusOK, answer, true }
	switch {
	case verb == "ips" && method == http.MethodGet:
		return ok(f.addresses(parent))
	case (verb == "shutdown" || verb == "boot") && method == http.MethodPost:
		f.objects[parent]["next_status"] = map[string]string{"shutdown": "offline", "boot": "running"}[verb]
		return ok(map[string]any{})
	case verb == "resize":
		f.objects[parent]["type"] = body["type"]
		return ok(map[string]any{})
	case verb == "password":
		return ok(map[string]any{})
	case verb == "assign" || verb == "unassign":
		return ok(f.assign(parent, verb, body))
	case verb == "rules" && method == http.MethodPut:
		f.objects[parent]["rules"] = body
		return ok(body)
	case verb == "firewalls" && strings.HasPrefix(path, "nodebalancers/"):
		return ok(map[string]any{"data": []any{}, "page": 1, "pages": 1, "results": 0})
	}
	return 0, nil, false
}

func cutLast(path string) (string, string, bool) {
	at := strings.LastIndex(path, "/")
	if at < 0 {
		return "", path, false
	}
	return path[:at], path[at+1:], true
}

func (f *fakeAPI) addresses(instance string) any {
	o, found := f.objects[instance]
	if !found {
		return failure("Not found")
	}
	public, private := []any{}, []any{}
	for _, address := range o["ipv4"].([]any) {
		entry := map[string]any{"address": address}
		if strings.HasPrefix(address.(string), "192.168.") {
			private = append(private, entry)
		} else {
			public = append(public, entry)
		}
	}
	return map[string]any{"ipv4": map[string]any{"public": public, "private": private, "shared": []any{}}}
}

func (f *fakeAPI) assign(group, verb string, body map[string]any) any {
	for _, linode := range body["linodes"].([]any) {
		f.setGroup(fmt.Sprintf("linode/instances/%v", linode), map[string]any{"assign": group}[verb])
	}
	return f.withMembers(group)
}

func (f *fakeAPI) setGroup(instance string, group any) {
	if group == nil {
		delete(f.objects[instance], "placement_group")
		return
	}
	o := f.objects[group.(string)]
	f.objects[instance]["placement_group"] = map[string]any{
		"id": o["id"], "label": o["label"], "placement_group_type": o["placement_group_type"], "placement_group_policy": o["placement_group_policy"],
	}
	f.withMembers(group.(string))
}

func (f *fakeAPI) withMembers(group string) map[string]any {
	o := f.objects[group]
	members := []any{}
	for _, path := range sortedKeys(f.objects) {
		placed, isPlaced := f.objects[path]["placement_group"].(map[string]any)
		if isPlaced && strings.HasPrefix(path, "linode/instances/") && fmt.Sprint(placed["id"]) == fmt.Sprint(o["id"]) {
			members = append(members, map[string]any{"linode_id": f.objects[path]["id"], "is_compliant": true})
		}
	}
	o["members"], o["is_compliant"] = members, true
	return o
}

func (f *fakeAPI) page(collection string) any {
	data := []any{}
	for _, path := range sortedKeys(f.objects) {
		if parent, _, _ := cutLast(path); parent == collection {
			data = append(data, f.objects[path])
		}
	}
	return map[string]any{"data": data, "page": 1, "pages": 1, "results": len(data)}
}

func (f *fakeAPI) remove(path string) {
	for key := range f.objects {
		if key == path || strings.HasPrefix(key, path+"/") {
			delete(f.objects, key)
		}
	}
	for _, group := range sortedKeys(f.objects) {
		if strings.HasPrefix(group, "placement/groups/") {
			f.withMembers(group)
		}
	}
}

// created is what the API fills in for each kind of object.
func (f *fakeAPI) created(collection string, id int) map[string]any {
	parts := strings.Split(collection, "/")
	parent := func(back int) int {
		number, _ := strconv.Atoi(parts[len(parts)-back])
		return number
	}
	common := map[string]any{"created": "2026-01-01T00:00:00", "updated": "2026-01-01T00:00:00"}
	var own map[string]any
	switch parts[len(parts)-1] {
	case "instances":
		own = map[string]any{
			"status": "provisioning", "next_status": "running", "ipv4": []any{fmt.Sprintf("203.0.113.%d", id-1000)},
			"ipv6": "2001:db8::1/128", "watchdog_enabled": true, "host_uuid": "3a3d", "tags": []any{}, "label": fmt.Sprint("linode", id),
			"alerts": map[string]any{"cpu": 90}, "backups": map[string]any{"enabled": false},
			"specs": map[string]any{"vcpus": 1, "memory": 1024}, "interface_generation": "legacy_config",
		}
	case "groups":
		own = map[string]any{"is_compliant": true, "members": []any{}}
	case "nodebalancers":
		own = map[string]any{"ipv4": "203.0.113.200", "hostname": "nb.example.com", "client_udp_sess_throttle": 0, "tags": []any{}}
	case "configs":
		own = map[string]any{
			"nodebalancer_id": parent(2), "algorithm": "roundrobin", "stickiness": "none", "check": "none", "check_interval": 31,
			"check_attempts": 3, "check_timeout": 30, "check_path": "", "check_body": "", "nodes_status": map[string]any{"up": 0, "down": 0},
		}
	case "nodes":
		own = map[string]any{"nodebalancer_id": parent(4), "config_id": parent(2), "weight": 100, "mode": "accept", "status": "UP"}
	case "firewalls":
		own = map[string]any{"status": "enabled", "tags": []any{}}
	case "vpcs":
		own = map[string]any{"description": "", "subnets": []any{}, "ipv6": []any{}}
	case "subnets":
		own = map[string]any{"linodes": []any{}, "databases": []any{}, "nodebalancers": []any{}}
	}
	for name, value := range own {
		common[name] = value
	}
	return common
}

func (f *fakeAPI) create(collection string, body map[string]any) map[string]any {
	f.next++
	o := f.created(collection, f.next)
	for name, value := range body {
		o[name] = value
	}
	o["id"] = f.next
	path := fmt.Sprintf("%s/%d", collection, f.next)
	f.objects[path] = o
	f.finish(collection, path, o, body)
	return o
}

func (f *fakeAPI) finish(collection, path string, o, body map[string]any) {
	switch {
	case collection == "linode/instances":
		if o["private_ip"] == true {
			o["ipv4"] = append(o["ipv4"].([]any), fmt.Sprintf("192.168.128.%d", f.next-1000))
		}
		interfaces := []any{}
		for i, entry := range body["interfaces"].([]any) {
			entry.(map[string]any)["id"] = i + 1
			interfaces = append(interfaces, entry)
		}
		f.objects[path+"/configs/1"] = map[string]any{"id": 1, "label": "My Debian Disk Profile", "interfaces": interfaces}
		f.objects[path+"/disks/1"] = map[string]any{"id": 1, "label": "Debian", "filesystem": "ext4", "size": 25088}
		f.objects[path+"/disks/2"] = map[string]any{"id": 2, "label": "Swap", "filesystem": "swap", "size": 512}
		if group, placed := body["placement_group"].(map[string]any); placed {
			f.setGroup(path, fmt.Sprintf("placement/groups/%v", group["id"]))
		}
	case collection == "networking/firewalls":
		devices, _ := body["devices"].(map[string]any)
		linodes, _ := devices["linodes"].([]any)
		for _, linode := range linodes {
			f.create(path+"/devices", map[string]any{"id": linode, "type": "linode"})
		}
	case strings.HasSuffix(collection, "/devices"):
		o["entity"] = map[string]any{"id": body["id"], "type": body["type"]}
	}
}

// edit changes the region behind Terraform's back.
func (f *fakeAPI) edit(change func(objects map[string]map[string]any)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	change(f.objects)
}

func (f *fakeAPI) paths(prefix string) []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var out []string
	for _, path := range sortedKeys(f.objects) {
		parent, _, _ := cutLast(path)
		if parent == prefix {
			out = append(out, path)
		}
	}
	return out
}
