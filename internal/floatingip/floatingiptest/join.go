package floatingiptest

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	peersBlock   = regexp.MustCompile(`(?m)^    unicast_peer \{\n((?:        .*\n)*)    \}\n`)
	priorityLine = regexp.MustCompile(`(?m)^    priority (.*)\n`)
)

// peersIn are the addresses that an instance speaks to.
func peersIn(instance string) []string {
	match := peersBlock.FindStringSubmatch(instance)
	if match == nil {
		return nil
	}
	return strings.Fields(match[1])
}

// priority is that of the instance that a machine runs with; 0 without one.
func (n *Network) priority(name string) int {
	match := priorityLine.FindStringSubmatch(n.Daemons[name].instance)
	if match == nil {
		return 0
	}
	priority, _ := strconv.Atoi(match[1])
	return priority
}

// address is where the others reach a machine.
func (n *Network) address(name string) string {
	for _, own := range n.Machines[name].Facts.Addresses {
		if prefix, err := netip.ParsePrefix(own.CIDR); err == nil && own.Interface == "eth0" {
			return prefix.Addr().String()
		}
	}
	return ""
}

func (n *Network) join(m *hosttest.Machine) {
	m.HandleQuery("keepalived-instance", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		_, after, found := strings.Cut("\n"+m.Files[c.Args()[0]].Content, "\nvrrp_instance ")
		if !found {
			return "", 0, ""
		}
		instance := "vrrp_instance " + after
		agreed := priorityLine.ReplaceAllString(peersBlock.ReplaceAllString(instance, ""), "")
		out := fmt.Sprintf("agreed %s\n", host.Digest([]byte(agreed)))
		if match := priorityLine.FindStringSubmatch(instance); match != nil {
			out += "priority " + match[1] + "\n"
		}
		for _, peer := range peersIn(instance) {
			out += "peer " + peer + "\n"
		}
		return out, 0, ""
	})
}
