package floatingip

import (
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	unitName   = "keepalived.service"
	dropInPath = "/etc/systemd/system/keepalived.service.d/terraform-ha.conf"
)

// unitFiles are the drop-in of Keepalived's unit and the programs that it runs, the
// same for every floating IP of a machine.
func unitFiles() []host.File {
	return []host.File{program("prepare"), program("loaded"), program("release"), program("yield"), dropIn()}
}

func dropIn() host.File {
	return host.File{Path: dropInPath, Content: fill("drop-in.conf", nil), Mode: "0644"}
}

func askUnits(Spec, string) tier.Questions {
	return tier.Questions{Units: []string{unitName}, Files: paths(unitFiles())}
}

func readUnits(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Unit = answers.Units[unitName]
}

// compareUnit adds what Keepalived's unit lacks to run as declared.
func (c *change) compareUnit(machine Machine) {
	if unitUnread(machine) {
		c.note(keep, "systemd has not read keepalived's unit since it changed")
	}
	installed, masked := machine.Packages["keepalived"] != "", machine.Unit.Load == "masked"
	if masked {
		c.note(keep, "keepalived is masked")
	}
	switch {
	case machine.Unit.Running():
	case installed:
		c.note(restart, "keepalived is stopped")
	default:
		c.note(restart, "keepalived does not run")
	}
	if !machine.Unit.Enabled() && !masked && installed {
		c.note(keep, "keepalived does not start at boot")
	}
}

// unitUnread reports that systemd does not know the unit as it is wanted, or
// will not once the drop-in has been written.
func unitUnread(machine Machine) bool {
	differs := dropIn().Difference(machine.Files[dropInPath]) != ""
	unknown := machine.Unit.Load == "loaded" && !slices.Contains(strings.Fields(machine.Unit.DropIns), dropInPath)
	// The link that masks a unit is newer than the unit that systemd has read.
	masked := machine.Unit.Load == "masked"
	return differs || unknown || machine.Unit.NeedsDaemonReload && !masked
}
