package webtiertest

import (
	"path"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
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
	// CutOff has every machine whose servers were stopped while visitors were sent to
	// it, and MostOut is how many that could serve were kept from it at one moment.
	CutOff  []string
	MostOut int
}

// Database is a database as WordPress finds it.
type Database struct {
	// Filled says that WordPress's tables are there.
	Filled bool
	// Password is the account's; empty for any.
	Password string
	// Says is "denied" or "away" if the database does not let WordPress in.
	Says string
}

// Content is a directory with the files of a site.
type Content struct {
	// Site is the number in the sentinel, empty without one, and Volume the volume
	// that it names. Root says that the document root is there.
	Site, Volume string
	Root         bool
	// Stalled says that the site's own user is kept from looking at it.
	Stalled bool
	// Sessions says that there is a directory for shared sessions.
	Sessions bool
	// Exposed says what lets others than root write above the document root.
	Exposed string
	// Owner is the document root's owner and group.
	Owner string
	// Filled says that the document root has files. By our record Copying says that
	// WordPress is being copied there, Copied that it is among them, and Installed
	// that its database is filled. Unsalted says that its salts are missing.
	Filled, Copying, Copied, Installed, Unsalted bool
	// Missing is a file of WordPress that is not there.
	Missing string
	// Divided is what our record says of who may write what. Open is a name that pages
	// can write and should not, Shut one that they cannot and should.
	Divided, Open, Shut string
	// Source is what our record says of where WordPress was taken from.
	Source string
	// Installs is how often WordPress filled its database.
	Installs int

	// rendered and written are what our own record says of wp-config.php, config
	// and access what the file is.
	rendered, written, config, access string
	// Loader is the document root's wp-config.php.
	Loader string
	// password is the one in wp-config.php.
	password string
}

// LoseRecord removes our own record of WordPress, as a restore of the document root
// alone does.
func (c *Content) LoseRecord() {
	c.Copying, c.Copied, c.Installed, c.rendered, c.written, c.config, c.access, c.password = false, false, false, "", "", "", "", ""
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
		s.offer()
		s.answer()
		s.act()
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

func (s *Server) offer() {
	m := s.Machine
	m.Offer("curl", "glusterfs-client", "wordpress", "php-cli", "php-mysql", "php-gd", "php-xml", "php-curl", "php-mbstring", "php-zip", "php-intl")
	m.Catalog["apache2"] = hosttest.Package{Version: "2.4", Units: []string{"apache2"}, OnInstall: func(*hosttest.Machine) {
		s.Enabled[defaultSite] = true
		for _, module := range []string{"mpm_event", "alias", "dir", "mime", "setenvif", "authz_core"} {
			s.Enabled["mods-enabled/"+module+".load"] = true
		}
	}}
	m.Catalog["php-fpm"] = hosttest.Package{Version: "8.2", Units: []string{"php8.2-fpm"}, OnInstall: func(m *hosttest.Machine) {
		m.WriteFile(poolPath, "[www]\n")
	}}
}

// Exists reports whether the machine has a file.
func (s *Server) Exists(name string) bool {
	_, found := s.Machine.Files[name]
	return found
}

// mounts reports whether the machine is to mount the volume.
func (s *Server) mounts() bool {
	for name := range s.Machine.Files {
		if path.Dir(name) == "/etc/systemd/system" && strings.HasSuffix(name, ".mount") {
			return true
		}
	}
	return false
}

// content is what the site's files are read from: the volume, or the machine's own
// disk where that is not, or not yet, mounted.
func (s *Server) content() *Content {
	if s.Mounted != "" {
		return s.tier.at(s.Mounted)
	}
	return s.Local
}

// at returns what lies on the volume of a source.
func (t *Tier) at(source string) *Content {
	if other, found := t.Others[source]; found {
		return other
	}
	return t.Volume
}

// Serving reports whether visitors get the site.
func (s *Server) Serving() bool {
	m := s.Machine
	there := !s.mounts() || s.Mounted != "" && !s.Hung
	return m.Unit(apacheUnit).Running() && (!s.runsPHP() || m.Unit(fpmUnit).Running()) && m.Unit(probeUnit).Running() &&
		there && s.content().Site != "" && s.content().Root && !s.Exists(drainPath) && s.Enabled[s.site] && !s.Wedged
}

// runsPHP reports whether the machine is to run PHP for the site.
func (s *Server) runsPHP() bool {
	return s.Exists("/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini")
}

// able reports whether the machine would serve if nobody had drained it.
func (s *Server) able() bool {
	drain, drained := s.Machine.Files[drainPath]
	delete(s.Machine.Files, drainPath)
	able := s.Serving()
	if drained {
		s.Machine.Files[drainPath] = drain
	}
	return able
}

func (s *Server) health() string {
	switch {
	case !s.Machine.Unit(apacheUnit).Running():
		return "000"
	case s.Serving():
		return "200"
	case !s.Enabled[s.site]:
		return "404"
	}
	return "503"
}
