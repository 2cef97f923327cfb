package floatingiptest

import (
	"errors"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

const (
	dropInPath   = "/etc/systemd/system/keepalived.service.d/terraform-ha.conf"
	programsPath = "/usr/lib/terraform-ha"
)

func (n *Network) units(m *hosttest.Machine, d *Daemon) {
	// Without a configuration its unit is skipped by a condition, which is not a failure.
	m.OnStart("keepalived", func(m *hosttest.Machine) error {
		m.RemoveAll(databaseGone)
		m.RemoveAll(databaseDrained)
		if n.refuses(m, d) {
			return errors.New("exited with status 5")
		}
		n.read(m, d)
		return nil
	})
	m.OnReload("keepalived", func(m *hosttest.Machine) error {
		if n.refuses(m, d) {
			m.Kill("keepalived")
			d.Read, d.instance, d.Role, d.Held = "", "", "", false
			return errors.New("exited with status 5")
		}
		n.read(m, d)
		return nil
	})
	m.OnStop("keepalived", func(m *hosttest.Machine) error {
		// Only a master says goodbye, upon which the others settle at once.
		goodbye := d.Role == "MASTER"
		d.Read, d.instance, d.Role, d.Lacks = "", "", "", nil
		d.Held = d.Held && m.Files[dropInPath].Content == ""
		if goodbye {
			n.elect()
		}
		return nil
	})
}

// losesPower ends Keepalived on a machine, which boots then: it says no goodbye, and the
// kernel's addresses and filters are gone.
func (n *Network) losesPower(m *hosttest.Machine, d *Daemon) {
	m.OnPowerCut(func(*hosttest.Machine) error {
		d.Read, d.instance, d.Role, d.Held, d.Lacks, d.Firewall = "", "", "", false, nil, nil
		before := n.Moves
		n.elect()
		n.Fled += n.Moves - before
		n.Moves = before
		return nil
	})
}

func (n *Network) refuses(m *hosttest.Machine, d *Daemon) bool {
	return d.Refuses != "" && strings.Contains(n.onDisk(m), d.Refuses)
}
