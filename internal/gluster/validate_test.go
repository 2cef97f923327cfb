package gluster_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func TestValidate(t *testing.T) {
	six := nodes("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6")
	tests := map[string]struct {
		change func(*gluster.Spec)
		// want is "path: part of the message".
		want []string
	}{
		"good":                   {func(*gluster.Spec) {}, nil},
		"six in two sets":        {func(s *gluster.Spec) { s.Nodes = six }, nil},
		"six with arbiters":      {func(s *gluster.Spec) { s.Nodes, s.Arbiter = six, 1 }, nil},
		"six dispersed":          {func(s *gluster.Spec) { s.Nodes, s.Disperse = six, 6 }, nil},
		"six in dispersed sets":  {func(s *gluster.Spec) { s.Nodes, s.Disperse = six, 3 }, nil},
		"five copies":            {func(s *gluster.Spec) { s.Nodes, s.Replica = six[:5], 5 }, nil},
		"host names":             {func(s *gluster.Spec) { s.Nodes = nodes("a.example.org", "b.example.org", "c") }, nil},
		"unknown address":        {func(s *gluster.Spec) { s.Nodes[1].Address = "" }, nil},
		"unknown nodes":          {func(s *gluster.Spec) { s.Nodes = nil }, nil},
		"no nodes":               {func(s *gluster.Spec) { s.Nodes = []host.Node{} }, []string{"nodes: needs at least one node"}},
		"one node":               {func(s *gluster.Spec) { s.Nodes = six[:1] }, []string{"nodes: 1 nodes cannot form sets of 3"}},
		"two nodes":              {func(s *gluster.Spec) { s.Nodes = six[:2] }, []string{"nodes: 2 nodes cannot form sets of 3"}},
		"two replicas":           {func(s *gluster.Spec) { s.Nodes, s.Replica = six[:2], 2 }, []string{"replica: 2 replicas have no majority"}},
		"four nodes":             {func(s *gluster.Spec) { s.Nodes = six[:4] }, []string{"nodes: 4 nodes cannot form sets of 3: the number of nodes has to be a multiple of 3"}},
		"even replica":           {func(s *gluster.Spec) { s.Nodes, s.Replica = six[:4], 4 }, []string{"replica: two equal halves"}},
		"replica below nodes":    {func(s *gluster.Spec) { s.Nodes, s.Replica = six, 3 }, nil},
		"replica above nodes":    {func(s *gluster.Spec) { s.Replica = 5 }, []string{"nodes: 3 nodes cannot form sets of 5"}},
		"no multiple":            {func(s *gluster.Spec) { s.Nodes = six[:5] }, []string{"nodes: replica = 5 keeps every file on each of them"}},
		"one set of six":         {func(s *gluster.Spec) { s.Disperse = 6 }, []string{"nodes: 3 nodes cannot form sets of 6"}},
		"odd arbiters":           {func(s *gluster.Spec) { s.Arbiter = 2 }, []string{"arbiter: of which 1 is the arbiter"}},
		"too redundant":          {func(s *gluster.Spec) { s.Nodes, s.Disperse, s.Redundancy = six, 6, 3 }, []string{"disperse: cannot lose 3"}},
		"arbiter of five":        {func(s *gluster.Spec) { s.Nodes, s.Replica, s.Arbiter = six[:5], 5, 1 }, []string{"arbiter: 5 and 1 are not supported"}},
		"replicas of fragments":  {func(s *gluster.Spec) { s.Disperse, s.Replica = 3, 3 }, []string{"replica: a dispersed volume has no replicas"}},
		"arbiter of fragments":   {func(s *gluster.Spec) { s.Disperse, s.Arbiter = 3, 1 }, []string{"arbiter: a dispersed volume has no arbiters"}},
		"redundant copies":       {func(s *gluster.Spec) { s.Redundancy = 1 }, []string{"redundancy: only a dispersed volume has redundancy"}},
		"duplicate address":      {func(s *gluster.Spec) { s.Nodes[2].Address = "10.0.0.1" }, []string{"nodes/files3/address: also the address of files1"}},
		"duplicate name":         {func(s *gluster.Spec) { s.Nodes[2].Name = "files1" }, []string{"nodes/files1: listed twice"}},
		"address with a command": {func(s *gluster.Spec) { s.Nodes[0].Address = "$(id)" }, []string{"nodes/files1/address: neither"}},
		"address with a colon":   {func(s *gluster.Spec) { s.Nodes[0].Address = "a:/b" }, []string{"nodes/files1/address: neither"}},
		"IPv6":                   {func(s *gluster.Spec) { s.Nodes[0].Address = "fd00::1" }, []string{"nodes/files1/address: not an IPv4"}},
		"loopback":               {func(s *gluster.Spec) { s.Nodes[0].Address = "127.0.0.1" }, []string{"nodes/files1/address: other machines"}},
		"bad IPv4":               {func(s *gluster.Spec) { s.Nodes[0].Address = "10.0.0.300" }, []string{"nodes/files1/address: neither"}},
		"order":                  {func(s *gluster.Spec) { s.Order = []string{"files1", "files2"} }, []string{"order: every node once"}},
		"name":                   {func(s *gluster.Spec) { s.Name = "a b" }, []string{"name: not a volume name"}},
		"name like an option":    {func(s *gluster.Spec) { s.Name = "--xml" }, []string{"name: not a volume name"}},
		"name with a newline":    {func(s *gluster.Spec) { s.Name = "a\n" }, []string{"name: not a volume name"}},
		"reserved name":          {func(s *gluster.Spec) { s.Name = "all" }, []string{"name: a word of GlusterFS"}},
		"relative path":          {func(s *gluster.Spec) { s.BrickPath = "srv/brick" }, []string{"brick_path: relative"}},
		"unclean path":           {func(s *gluster.Spec) { s.BrickPath = "/srv/../etc/x" }, []string{"brick_path: shortest form"}},
		"root path":              {func(s *gluster.Spec) { s.BrickPath = "/" }, []string{"brick_path: directory of the root"}},
		"top path":               {func(s *gluster.Spec) { s.BrickPath = "/data" }, []string{"brick_path: directory of the root"}},
		"system path":            {func(s *gluster.Spec) { s.BrickPath = "/etc/gluster" }, []string{"brick_path: belongs to the system"}},
		"path with a space":      {func(s *gluster.Spec) { s.BrickPath = "/srv/a b" }, []string{"brick_path: characters"}},
		"other path":             {func(s *gluster.Spec) { s.BrickPaths = map[string]string{"files1": "srv/a/b"} }, []string{"nodes/files1/brick_path: relative"}},
		"short option":           {func(s *gluster.Spec) { s.Options = map[string]string{"quick-read": "on"} }, []string{"options/quick-read: full name"}},
		"option with attribute":  {func(s *gluster.Spec) { s.Options = map[string]string{"auth.allow": "*"} }, []string{"options/auth.allow: attribute clients"}},
		"option of the pool":     {func(s *gluster.Spec) { s.Options = map[string]string{"cluster.brick-multiplex": "on"} }, []string{"options/cluster.brick-multiplex: whole pool"}},
		"TLS":                    {func(s *gluster.Spec) { s.Options = map[string]string{"client.ssl": "on"} }, []string{"options/client.ssl: without certificates"}},
		"option value":           {func(s *gluster.Spec) { s.Options = map[string]string{"performance.cache-size": "1\n2"} }, []string{"options/performance.cache-size: control characters"}},
		"empty option":           {func(s *gluster.Spec) { s.Options = map[string]string{"performance.cache-size": ""} }, []string{"options/performance.cache-size: empty"}},
		"no majority":            {func(s *gluster.Spec) { s.Options = map[string]string{"cluster.quorum-type": "none"} }, []string{"options/cluster.quorum-type: split brain"}},
		"no healing":             {func(s *gluster.Spec) { s.Options = map[string]string{"cluster.self-heal-daemon": "0"} }, []string{"options/cluster.self-heal-daemon: never get what it missed"}},
		"no record":              {func(s *gluster.Spec) { s.Options = map[string]string{"cluster.entry-change-log": "disable"} }, []string{"options/cluster.entry-change-log: nothing would record"}},
		"no look at disks":       {func(s *gluster.Spec) { s.Options = map[string]string{"storage.health-check-interval": "0"} }, []string{"options/storage.health-check-interval: failed"}},
		"a command of its own":   {func(s *gluster.Spec) { s.Options = map[string]string{"cluster.granular-entry-heal": "off"} }, []string{"options/cluster.granular-entry-heal: gluster volume heal"}},
		"errors on purpose":      {func(s *gluster.Spec) { s.Options = map[string]string{"debug.error-gen": "posix"} }, []string{"options/debug.error-gen: injects errors"}},
		"good values": {func(s *gluster.Spec) {
			s.Options = map[string]string{"cluster.quorum-type": "auto", "cluster.self-heal-daemon": "on", "storage.health-check-interval": "10", "features.shard": "on"}
		}, nil},
		"profile":         {func(s *gluster.Spec) { s.Profile = "fast" }, []string{"profile: not a profile"}},
		"client":          {func(s *gluster.Spec) { s.Clients = []string{"10.0.0.*", "*", "web1", "10.0.0.0/24", "a,b"} }, []string{"clients: neither"}},
		"ping timeout":    {func(s *gluster.Spec) { s.PingTimeoutSeconds = 2 }, []string{"ping_timeout_seconds: flap"}},
		"ports":           {func(s *gluster.Spec) { s.BrickPorts = gluster.PortRange{Base: 49152, Max: 49153} }, []string{"brick_ports: at least 8"}},
		"glusterd's port": {func(s *gluster.Spec) { s.BrickPorts = gluster.PortRange{Base: 24000, Max: 24020} }, []string{"brick_ports: 24007"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := declared()
			spec.Nodes = nodes("10.0.0.1", "10.0.0.2", "10.0.0.3")
			test.change(&spec)
			problems := spec.Defaulted().Validate()
			if len(problems) != len(test.want) {
				t.Fatalf("got %v", problems)
			}
			for i, want := range test.want {
				at, message, _ := strings.Cut(want, ": ")
				if got := strings.Join(problems[i].Path, "/"); got != at || !strings.Contains(problems[i].Message, message) {
					t.Errorf("got %s: %s", got, problems[i].Message)
				}
			}
		})
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("content", "10.0.0.1", "/srv/gluster/brick", "a.b", "on")
	f.Add("$(id)", "`id`", "/srv/'", "a.b;reboot", "--force")
	f.Fuzz(func(t *testing.T, name, address, path, key, value string) {
		spec := gluster.Spec{Name: name, BrickPath: path, Nodes: nodes(address, "10.9.9.2", "10.9.9.3"), Options: map[string]string{key: value}}
		if len(spec.Defaulted().Validate()) > 0 {
			return
		}
		if strings.ContainsAny(name+address+path+key, " '\"$`\\;&|<>()\n\t\x00") || strings.HasPrefix(name, "-") || strings.ContainsAny(value, "\n\x00") {
			t.Errorf("accepted %q %q %q %q %q", name, address, path, key, value)
		}
	})
}
