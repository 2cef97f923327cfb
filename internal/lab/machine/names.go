package machine

import "strconv"

// Labels under which the engine keeps what this package would otherwise have
// to remember.
const (
	labLabel     = "terraform-ha.lab"
	kindLabel    = "terraform-ha.lab.kind"
	idLabel      = "terraform-ha.lab.id"
	nameLabel    = "terraform-ha.lab.label"
	publicLabel  = "terraform-ha.lab.public"
	privateLabel = "terraform-ha.lab.private"
	vlanOfLabel  = "terraform-ha.lab.vlan"
)

const (
	kindMachine  = "machine"
	kindBalancer = "balancer"
	kindPublic   = "public"
	kindVLAN     = "vlan"
	kindVolume   = "volume"
	kindBlock    = "block"
)

func (r *Region) prefix() string { return "terraform-ha-" + r.config.Name }

func (r *Region) machineName(id int) string { return r.prefix() + "-" + strconv.Itoa(id) }

func (r *Region) balancerName(id int) string { return r.prefix() + "-nb-" + strconv.Itoa(id) }

func (r *Region) volumeName(id int) string { return r.machineName(id) + "-srv" }

func (r *Region) diskVolumeName(id int) string { return r.machineName(id) + "-disks" }

func (r *Region) blockName(id int) string { return r.prefix() + "-block-" + strconv.Itoa(id) }

func (r *Region) publicName() string { return r.prefix() + "-public" }

func (r *Region) vlanName(label string) string { return r.prefix() + "-vlan-" + label }

// owned are the arguments that mark an object of a kind as this lab's.
func (r *Region) owned(kind string) []string {
	return []string{"--label", labLabel + "=" + r.config.Name, "--label", kindLabel + "=" + kind}
}

func (r *Region) filter() string { return "label=" + labLabel + "=" + r.config.Name }

func label(name, value string) []string { return []string{"--label", name + "=" + value} }
