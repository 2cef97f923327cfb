package floatingiptest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const (
	nftablesDropInPath = "/etc/systemd/system/nftables.service.d/terraform-ha-vrrp.conf"
	filtersPath        = programsPath + "/keepalived-filters"
)

func (n *Network) firewall(m *hosttest.Machine, d *Daemon) {
	m.HandleQuery("keepalived-firewall", func(*hosttest.Machine, shell.Command) (string, int, string) {
		if d.Firewall == nil {
			return "", 1, "Error: No such file or directory"
		}
		peers, _ := json.Marshal(d.Firewall)
		rules := ""
		for _, set := range []string{"peers", "held"} {
			if !slices.Contains(d.Deleted, set) {
				rules += fmt.Sprintf(`, {"rule": {"expr": [{"match": {"right": "@%s"}}, {"drop": null}]}}`, set)
			}
		}
		return fmt.Sprintf(`{"nftables": [{"set": {"name": "peers", "elem": %s}}, {"set": {"name": "held"}}%s]}`, peers, rules), 0, ""
	})
	m.Handle("keepalived-load-firewall", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		if m.Packages["nftables"] == "" {
			return "", 127, "nft: not found"
		}
		d.load(m.Files[c.Args()[0]].Content)
		n.settles()
		return "", 0, ""
	})
}

// elements finds the peers in the file of a packet filter.
var elements = regexp.MustCompile(`elements = \{ (.*) \}`)

func (d *Daemon) load(filter string) {
	d.Firewall, d.Deleted = strings.Split(elements.FindStringSubmatch(filter)[1], ", "), nil
}

// flushes has nftables.service flush all rules, as Debian's does when it starts,
// reloads and stops, and then do what its drop-in says, once systemd has read that.
func (n *Network) flushes(m *hosttest.Machine, d *Daemon) {
	flush := func(m *hosttest.Machine) error {
		d.Firewall = nil
		rules := m.Files["/etc/terraform-ha/vrrp/"+n.name+".nft"].Content
		read := strings.Contains(m.Files[nftablesDropInPath].Content, filtersPath) && !m.Unit("nftables").NeedsReload
		if read && m.Files[filtersPath].Mode == "0755" && rules != "" {
			d.load(rules)
		}
		return nil
	}
	m.OnStart("nftables", flush)
	m.OnReload("nftables", flush)
	m.OnStop("nftables", flush)
}
