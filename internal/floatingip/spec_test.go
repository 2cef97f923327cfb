package floatingip

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Spec)
		path   string
		want   string
	}{
		"no prefix":             {func(s *Spec) { s.Address = "10.0.0.100" }, "address", "prefix length"},
		"not an address":        {func(s *Spec) { s.Address = "$(id)/24" }, "address", "prefix length"},
		"IPv6":                  {func(s *Spec) { s.Address = "fd00::1/64" }, "address", "IPv6"},
		"network address":       {func(s *Spec) { s.Address = "10.0.0.0/24" }, "address", "address of the network"},
		"broadcast address":     {func(s *Spec) { s.Address = "10.0.0.255/24" }, "address", "broadcast"},
		"broadcast of /20":      {func(s *Spec) { s.Address = "10.0.15.255/20" }, "address", "broadcast"},
		"host prefix":           {func(s *Spec) { s.Address = "10.0.0.100/32" }, "address", "between /8 and /29"},
		"a node's address":      {func(s *Spec) { s.Address = "10.0.0.12/24" }, "address", "address of node db2"},
		"outside":               {func(s *Spec) { s.Address = "10.0.1.100/24" }, "nodes.db1.address", "outside of 10.0.1.0/24"},
		"one node":              {func(s *Spec) { s.Nodes = s.Nodes[:1] }, "nodes", "at least 2 nodes"},
		"duplicate address":     {func(s *Spec) { s.Nodes[2].Address = "10.0.0.11" }, "nodes.db3.address", "address of db1 too"},
		"node address":          {func(s *Spec) { s.Nodes[2].Address = "db3.example" }, "nodes.db3.address", "not an IP address"},
		"router id 0 to 255":    {func(s *Spec) { s.RouterID = 256 }, "router_id", "between 1 and 255"},
		"router id negative":    {func(s *Spec) { s.RouterID = -1 }, "router_id", "between 1 and 255"},
		"long secret":           {func(s *Spec) { s.AuthSecret = "ninechars" }, "auth_secret", "first 8 characters"},
		"secret with blank":     {func(s *Spec) { s.AuthSecret = "a b" }, "auth_secret", "read as something else"},
		"secret with quote":     {func(s *Spec) { s.AuthSecret = `a"b` }, "auth_secret", "read as something else"},
		"secret with comment":   {func(s *Spec) { s.AuthSecret = "a#b" }, "auth_secret", "read as something else"},
		"interface":             {func(s *Spec) { s.Interface = "eth0; reboot" }, "interface", "not the name"},
		"long interface":        {func(s *Spec) { s.Interface = "sixteencharacter" }, "interface", "up to 15"},
		"name":                  {func(s *Spec) { s.Name = "../db" }, "name", "file names"},
		"bgp":                   {func(s *Spec) { s.Method = MethodBGP }, "method", "not available"},
		"relative command":      {func(s *Spec) { s.Check = Check{Kind: CheckCommand, Command: "check"} }, "check.command", "absolute path"},
		"command with pipe":     {func(s *Spec) { s.Check = Check{Kind: CheckCommand, Command: "/bin/a | /bin/b"} }, "check.command", "without a shell"},
		"command with ..":       {func(s *Spec) { s.Check = Check{Kind: CheckCommand, Command: "/bin/../a"} }, "check.command", "absolute path"},
		"port":                  {func(s *Spec) { s.Check = Check{Kind: CheckTCP} }, "check.tcp.port", "between 1 and 65535"},
		"path":                  {func(s *Spec) { s.Check = Check{Kind: CheckHTTP, Path: "health check"} }, "check.http.path", "not a path"},
		"kind":                  {func(s *Spec) { s.Check.Kind = "ping" }, "check", "not a kind"},
		"interval":              {func(s *Spec) { s.Check.IntervalSeconds = 99 }, "check.interval_seconds", "between 1 and 60"},
		"fall":                  {func(s *Spec) { s.Check.Fall = -1 }, "check.fall", "between 1 and 20"},
		"slow timeout":          {func(s *Spec) { s.Check.TimeoutSeconds = 9 }, "check.timeout_seconds", "noticed later"},
		"advertisements":        {func(s *Spec) { s.AdvertisementIntervalSeconds = 61 }, "advertisement_interval_seconds", "between 0.1 and 40"},
		"a part of a second":    {func(s *Spec) { s.AuthSecret, s.AdvertisementIntervalSeconds = "s3cret", 0.5 }, "advertisement_interval_seconds", "a whole number"},
		"equal priorities":      {func(s *Spec) { s.Priorities = map[string]int{"db3": 100} }, "nodes.db3.priority", "of node db3, 100, is that of db1 too"},
		"priority 151":          {func(s *Spec) { s.Priorities = map[string]int{"db3": 151} }, "nodes.db3.priority", "of node db3 is between 1 and 150"},
		"additional, no prefix": {func(s *Spec) { s.Additional = []string{"10.0.0.101"} }, "additional_addresses", "prefix length"},
		"additional, IPv6":      {func(s *Spec) { s.Additional = []string{"fd00::1/64"} }, "additional_addresses", "not an IPv4 address"},
		"additional, the first": {func(s *Spec) { s.Additional = []string{"10.0.0.100/24"} }, "additional_addresses", "the first address"},
		"additional, of a node": {func(s *Spec) { s.Additional = []string{"10.0.0.12/24"} }, "additional_addresses", "address of node db2"},
		"additional, twice":     {func(s *Spec) { s.Additional = []string{"10.0.0.101/24", "10.0.0.101/24"} }, "additional_addresses", "listed twice"},
		"priority of nobody":    {func(s *Spec) { s.Priorities = map[string]int{"db9": 5} }, "priorities.db9", "no node db9"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := simSpec()
			spec.Nodes = slices.Clone(simNodes)
			test.change(&spec)
			found := slices.ContainsFunc(spec.Validate(), func(p tier.Problem) bool {
				return strings.Join(p.Path, ".") == test.path && strings.Contains(p.Message, test.want)
			})
			if !found {
				t.Errorf("got %v", spec.Validate())
			}
			for _, problem := range spec.Validate() {
				if len(spec.AuthSecret) > 3 && strings.Contains(problem.Message, spec.AuthSecret) {
					t.Errorf("the message shows the secret: %s", problem.Message)
				}
			}
		})
	}
}

func TestValidSpecs(t *testing.T) {
	specs := map[string]func(*Spec){
		"as it is": func(*Spec) {},
		"minimal": func(s *Spec) {
			*s = Spec{Address: "10.0.0.100/24", Nodes: simNodes[:2]}
		},
		"machines of the same apply": func(s *Spec) {
			s.Nodes = []host.Node{{Name: "db1"}, {Name: "db2"}, simNodes[2]}
		},
		"galera":     func(s *Spec) { s.Check = Check{Kind: CheckGalera, RefuseDonor: true} },
		"http":       func(s *Spec) { s.Check = Check{Kind: CheckHTTP, Path: "/health?a='b'&c=$(d)"} },
		"command":    func(s *Spec) { s.Check = Check{Kind: CheckCommand, Command: "/usr/local/bin/check-app"} },
		"secret":     func(s *Spec) { s.AuthSecret = "aB3-_.:=" },
		"additional": func(s *Spec) { s.Additional = []string{"10.0.0.101/24", "192.0.2.7/32"} },
		"many nodes": func(s *Spec) {
			s.Nodes = nil
			for i := range 40 {
				s.Nodes = append(s.Nodes, host.Node{Name: string(rune('A' + i)), Address: "10.0.0." + strings.Repeat("1", 1) + string(rune('0'+i/10)) + string(rune('0'+i%10))})
			}
			s.Address = "10.0.0.200/24"
		},
	}
	for name, change := range specs {
		spec := simSpec()
		change(&spec)
		if problems := spec.Validate(); len(problems) != 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestDefaulted(t *testing.T) {
	got := Spec{Address: "10.0.0.100/24", Nodes: simNodes}.Defaulted()
	want := Spec{
		Name: "10-0-0-100", Address: "10.0.0.100/24", Nodes: simNodes, RouterID: 100, Method: MethodVRRP,
		AdvertisementIntervalSeconds: 0.5, HolderTimeoutSeconds: DefaultHolderTimeoutSeconds,
		Check: Check{Kind: CheckNone, IntervalSeconds: 2, TimeoutSeconds: 3, Fall: 2, Rise: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if id := (Spec{Address: "10.0.1.0/16"}).Defaulted().RouterID; id != 1 {
		t.Errorf("an address that ends in 0 has router id %d", id)
	}
}

// TestAnAddressThatIsNoneIsOneProblem keeps what follows from a mistake out of the
// way: the router id's default is made of the address.
func TestAnAddressThatIsNoneIsOneProblem(t *testing.T) {
	spec := simSpec()
	spec.Address = "10.0.0.100"
	if problems := spec.Validate(); len(problems) != 1 || problems[0].Path[0] != "address" {
		t.Errorf("got %v", problems)
	}
}
