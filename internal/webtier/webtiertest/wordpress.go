package webtiertest

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (s *Server) wordpressConcern() {
	s.Machine.HandleQuery("web-wordpress-database", func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		return s.tier.Database.answer(string(c.Stdin())), 0, ""
	})
	s.act("web-wordpress-copy", s.copyWordPress)
	s.act("web-wordpress-update", s.updateWordPress)
	s.act("web-wordpress-restore", s.restoreWordPress)
	s.act("web-wordpress-config", s.configureWordPress)
	s.act("web-wordpress-install", s.installWordPress)
	s.act("web-divide-files", s.divideFiles)
}

func (s *Server) updateWordPress(args []string, _ []byte) error {
	s.content().Source = args[4]
	return nil
}

func (s *Server) copyWordPress(args []string, _ []byte) error {
	files := s.content()
	files.Source = cmp.Or(args[4], "package")
	files.Filled, files.Copying, files.Copied = true, false, true
	return nil
}

func (s *Server) restoreWordPress([]string, []byte) error {
	s.content().Missing = ""
	return nil
}

func (s *Server) configureWordPress(args []string, stdin []byte) error {
	files := s.content()
	files.rendered, files.config, files.access = args[3], host.Digest(stdin), "0640 root www-data"
	files.Loader = args[4]
	files.written, files.Unsalted, files.Copied = files.config, false, true
	_, files.password, _ = strings.Cut(string(stdin), "define('DB_PASSWORD', '")
	files.password, _, _ = strings.Cut(files.password, "');\n")
	return nil
}

func (s *Server) divideFiles(args []string, _ []byte) error {
	files := s.content()
	if args[4] == "" {
		files.Divided = "writable"
		return nil
	}
	if s.Accounts[args[2]] == "" {
		return fmt.Errorf("there is no user %s", args[2])
	}
	files.Divided, files.Open, files.Shut = "read_only "+args[3]+" "+args[4], "", ""
	return nil
}

func (s *Server) installWordPress([]string, []byte) error {
	files := s.content()
	if s.tier.Database.Says != "" {
		return errors.New("cannot reach the database")
	}
	if !s.tier.Database.Filled {
		files.Installs++
	}
	files.Installed, s.tier.Database.Filled = true, true
	return nil
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

func (d *Database) answer(password string) string {
	switch {
	case d.Password != "" && d.Password != password:
		return "denied"
	case d.Says != "":
		return d.Says
	case d.Filled:
		return "filled"
	}
	return "empty"
}

// LoseRecord removes our own record of WordPress, as a restore of the document root
// alone does.
func (c *Content) LoseRecord() {
	c.Copying, c.Copied, c.Installed, c.rendered, c.written, c.config, c.access, c.password = false, false, false, "", "", "", "", ""
}
