package webtiertest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

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

func (s *Server) contentConcern() {
	s.act("web-prepare-root", s.prepareRoot)
	s.act("web-wipe-root", s.wipeRoot)
}

func (s *Server) prepareRoot(args []string, _ []byte) error {
	files, volume, expected := s.content(), args[3], args[4]
	if expected != "" && (!files.Root || files.Site != expected) {
		return errors.New("the sentinel is not that of this site")
	}
	if files.Site == "" {
		s.tier.sites++
		files.Site = fmt.Sprintf("site-%d", s.tier.sites)
	}
	if files.Volume == "" || expected == "" && volume != "-" {
		files.Volume = strings.TrimPrefix(volume, "-")
	}
	files.Root, files.Owner = true, args[6]+" www-data"
	files.Sessions = files.Sessions || args[5] != ""
	return nil
}

func (s *Server) wipeRoot(args []string, _ []byte) error {
	if mountPoint := args[1]; mountPoint != "" && s.Mounted == "" {
		return fmt.Errorf("%s is not mounted", mountPoint)
	}
	*s.content() = Content{}
	return nil
}

func (c *Content) describe() string {
	if !c.Root {
		return ""
	}
	out := "root " + c.Owner + "\n"
	if !c.Stalled {
		out += "inside end\n"
	}
	if c.Sessions {
		out += "sessions 700 www-data\n"
	}
	if c.Filled {
		out += "inside filled\n"
	}
	if c.Missing != "" {
		out += "inside missing " + c.Missing + "\n"
	}
	if c.Open != "" {
		out += "inside open " + c.Open + "\n"
	}
	if c.Shut != "" {
		out += "inside shut " + c.Shut + "\n"
	}
	if c.Loader != "" {
		out += "inside loader " + host.Digest([]byte(c.Loader)) + "\n"
	}
	for line, there := range map[string]bool{
		"stamp source " + c.Source: c.Source != "",
		"stamp files " + c.Divided: c.Divided != "",
		"stamp copying":            c.Copying, "stamp copied": c.Copied, "stamp installed": c.Installed,
		"stamp config " + c.rendered + " " + c.written: c.rendered != "",
		"config " + c.config + " " + c.access:          c.config != "",
		"unsalted":                                     c.Unsalted,
	} {
		if there {
			out += "wordpress " + line + "\n"
		}
	}
	return out
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
