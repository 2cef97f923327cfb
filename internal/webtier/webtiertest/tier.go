package webtiertest

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const (
	apacheUnit  = "apache2.service"
	fpmUnit     = "php8.2-fpm.service"
	probeUnit   = "terraform-ha-web-probe.service"
	drainPath   = "/run/terraform-ha/web-drain"
	pendingPath = "/run/terraform-ha/web-pending"
	poolPath    = "/etc/php/8.2/fpm/pool.d/www.conf"
	poolOffPath = poolPath + ".terraform-ha-off"
	defaultSite = "sites-enabled/000-default.conf"
)

// Tier is the machines of one web tier. Tests change it under the machines' lock.
type Tier struct {
	// Servers has what runs on each machine.
	Servers map[string]*Server
	// Volume is what all machines mount, and Others are what lies on other volumes,
	// by the source in the mount.
	Volume *Content
	Others map[string]*Content
	// sites counts the numbers that sentinels were given.
	sites int
	// Database is what WordPress keeps its posts in.
	Database Database
	// Breaks makes every page of a machine 500 whose settings of PHP hold it.
	Breaks string
	// Sickens does that to the health endpoint.
	Sickens string
	// NeedsPHP makes every page of a machine 500 whose virtual host has no PHP.
	NeedsPHP bool
	// CutOff has every machine whose servers were stopped while visitors were sent to
	// it, and MostOut is how many that could serve were kept from it at one moment.
	CutOff  []string
	MostOut int
	// After is called after every command that changes a machine.
	After func()
}

// Server is the part of a web server that package hosttest does not know.
type Server struct {
	// Machine is where it runs.
	Machine *hosttest.Machine
	// Local is what lies on the machine's own disk.
	Local *Content
	// Mounted is the source of the volume; empty while nothing is mounted.
	Mounted string
	// Hung says that the mount does not answer.
	Hung bool
	// Wedged says that the servers run and answer nobody until they are restarted.
	Wedged bool
	// Visitors counts the connections of others; nil is for nobody.
	Visitors func() int
	// Occupied says that files lie where the volume is to be mounted.
	Occupied bool
	// Enabled has the links below /etc/apache2: "sites-enabled/shop.conf".
	Enabled map[string]bool
	// Kernel has the kernel's settings by their path below /proc/sys.
	Kernel map[string]string
	// Accounts are users beside root and the site's own, with their numbers.
	Accounts map[string]string
	// Unknown are settings that PHP does not know, of extensions that are not loaded.
	Unknown map[string]bool
	// KeepsNew makes the configuration of before not come back.
	KeepsNew bool
	// Refuse makes Apache refuse a configuration that holds it.
	Refuse string

	tier *Tier
	site string
}

// Install makes what a web tier of this name needs available on machines.
func Install(t testing.TB, machines map[string]*hosttest.Machine, name string) *Tier {
	t.Helper()
	tier := &Tier{Servers: map[string]*Server{}, Volume: &Content{}}
	for node, m := range machines {
		s := &Server{
			Machine: m, Local: &Content{}, Enabled: map[string]bool{}, Kernel: map[string]string{}, Accounts: map[string]string{},
			tier: tier, site: "sites-enabled/terraform-ha-" + name + ".conf",
		}
		tier.Servers[node] = s
		for _, teach := range s.concerns() {
			teach()
		}
	}
	return tier
}

// Reset leaves machines without anything, and an empty volume.
func (t *Tier) Reset() {
	*t.Volume, t.Database = Content{}, Database{}
	for _, s := range t.Servers {
		*s.Local, s.Mounted, s.Hung, s.Wedged = Content{}, "", false, false
		clear(s.Enabled)
		clear(s.Kernel)
		clear(s.Accounts)
	}
}

// Exists reports whether the machine has a file.
func (s *Server) Exists(name string) bool {
	_, found := s.Machine.Files[name]
	return found
}

// concerns are what a machine is taught, by the names of package webtier.
func (s *Server) concerns() []func() {
	return []func(){
		s.identityConcern, s.packagesConcern, s.probeConcern, s.accountsConcern, s.kernelConcern, s.mountConcern, s.contentConcern,
		s.configConcern, s.phpConcern, s.apacheConcern, s.undeclaredConcern, s.siteConcern, s.drainConcern, s.healthConcern,
		s.pageConcern, s.previousConcern, s.wordpressConcern, s.removeConcern,
	}
}

// act registers the work of a script; its error is what the script says and exits
// with 1.
func (s *Server) act(label string, do func(args []string, stdin []byte) error) {
	s.Machine.Handle(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		err := do(c.Args(), c.Stdin())
		if s.tier.After != nil {
			s.tier.After()
		}
		if err != nil {
			return "", 1, err.Error()
		}
		return "", 0, ""
	})
}

func nothing([]string, []byte) error { return nil }

// answer registers what a script says that only reads.
func (s *Server) answer(label string, say func(args []string) string) {
	s.Machine.HandleQuery(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) { return say(c.Args()), 0, "" })
}
