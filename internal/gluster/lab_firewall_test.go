package gluster_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
)

// listening are the ports at which a machine takes connections from others.
func (l *laboratory) listening(server string) []int {
	l.t.Helper()
	var ports []int
	for line := range strings.Lines(l.Run(server, "ss -Htln | awk '{ print $4 }' | grep -v '^127'")) {
		if port, err := strconv.Atoi(strings.TrimSpace(line[strings.LastIndex(line, ":")+1:])); err == nil {
			ports = append(ports, port)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// open are those of the ports at which an address answers a machine.
func (l *laboratory) open(from, address string, ports []int) []int {
	l.t.Helper()
	var words, found []string
	for _, port := range ports {
		words = append(words, strconv.Itoa(port))
	}
	found = strings.Fields(l.Run(from, fmt.Sprintf(`for p in %s; do timeout 1.5 bash -c "exec 3<>/dev/tcp/%s/$p" 2>/dev/null && echo $p; done; true`, strings.Join(words, " "), address)))
	var open []int
	for _, word := range found {
		if port, err := strconv.Atoi(word); err == nil {
			open = append(open, port)
		}
	}
	return open
}

// strangers scans file servers from a machine that is neither a peer nor a client,
// and from a client at another address than the servers'.
func (l *laboratory) strangers(spec gluster.Spec) {
	l.t.Helper()
	status := l.observe(spec)
	for _, node := range spec.Nodes {
		ports := l.listening(node.Name)
		if !slices.Contains(ports, 24007) || len(ports) < 3 {
			l.t.Fatalf("%s listens at %v only", node.Name, ports)
		}
		if open := l.open(client, node.Address, ports); !slices.Equal(open, ports) {
			l.t.Errorf("of the ports %v of %s a client reaches %v", ports, node.Name, open)
		}
		for _, address := range status.Nodes[node.Name].Facts.Addresses {
			prefix := netip.MustParsePrefix(address.CIDR)
			if prefix.Addr().IsLoopback() || !prefix.Addr().Is4() {
				continue
			}
			if open := l.open("stranger", prefix.Addr().String(), ports); !slices.Equal(open, []int{22}) {
				l.t.Errorf("a stranger reaches %v of %s at %s", open, node.Name, prefix)
			}
			if prefix.Addr().String() == node.Address {
				continue
			}
			if open := l.open(client, prefix.Addr().String(), ports); !slices.Equal(open, []int{22}) {
				l.t.Errorf("a client reaches %v of %s at %s, which is not its address", open, node.Name, prefix)
			}
		}
	}
	l.drift(spec, "files2", "the packet filter is not loaded", "nft flush ruleset", "files2")
	if open := l.open("stranger", spec.Nodes[1].Address, l.listening("files2")); !slices.Equal(open, []int{22}) {
		l.t.Errorf("after the repair a stranger reaches %v", open)
	}
	// The connections that were there before it stay.
	l.Run(client, "timeout 5 sh -c 'echo after >/srv/www/after && cat /srv/www/after'")
}

// mounting is how a client mounts a volume.
func mounting(spec gluster.Spec) string {
	mount := spec.Mount()
	return "mount -t glusterfs -o " + mount.Options + " " + mount.Source + " /srv/www"
}

// changeClients lets the stranger mount in the place of the client, and takes it back.
func (l *laboratory) changeClients(spec gluster.Spec) {
	l.t.Helper()
	l.Run(client, "umount /srv/www") // a client that is disconnected ends
	changed := spec
	changed.Clients = []string{l.Nodes[4].Address}
	l.converge("another client", changed)
	l.empty(changed)
	for machine, want := range map[string]int{client: 0, "stranger": 1} {
		if open := l.open(machine, spec.Nodes[0].Address, []int{24007}); len(open) != want {
			l.t.Errorf("%s reaches %v", machine, open)
		}
	}
	l.converge("the client again", spec)
	l.Run(client, mounting(spec)+" && cat /srv/www/after")
}

// bootsFiltered expects that a server which was rebooted had its packet filter
// before its glusterd.
func (l *laboratory) bootsFiltered(server string) {
	l.t.Helper()
	at := strings.Fields(l.Run(server, "systemctl show -p ActiveEnterTimestampMonotonic --value terraform-ha-filter; systemctl show -p ExecMainStartTimestampMonotonic --value glusterd"))
	times := make([]int, 2)
	for i := range times {
		times[i], _ = strconv.Atoi(at[i])
	}
	if times[0] == 0 || times[0] > times[1] {
		l.t.Errorf("the packet filter of %s was loaded at %v us and glusterd started at %v", server, times[0], times[1])
	}
}

// sharedFilter has two volumes with a client each on the same servers.
func (l *laboratory) sharedFilter(one, other gluster.Spec) {
	l.t.Helper()
	reach := func(when string, want map[string]bool) {
		l.t.Helper()
		for machine, wanted := range want {
			if open := l.open(machine, one.Nodes[0].Address, []int{24007}); (len(open) == 1) != wanted {
				l.t.Errorf("%s %s reaches %v", when, machine, open)
			}
		}
	}
	reach("with both volumes", map[string]bool{client: true, "stranger": true})
	l.remove("wipe "+one.Name, one, true)
	reach("with one volume", map[string]bool{client: false, "stranger": true})
	l.empty(other)
	l.remove("wipe "+other.Name, other, true)
	for _, node := range one.Nodes {
		if left := l.Run(node.Name, "nft list tables | grep terraform; ls -d /etc/terraform-ha/filter* /usr/lib/terraform-ha/packet* 2>/dev/null; true"); left != "" {
			l.t.Errorf("left on %s: %s", node.Name, left)
		}
	}
}
