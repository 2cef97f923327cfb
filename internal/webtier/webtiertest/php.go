package webtiertest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func (s *Server) phpConcern() {
	s.answer("web-php", s.php)
	s.act("web-configure-php", s.configurePHP)
}

func (s *Server) configurePHP(args []string, stdin []byte) error {
	files, _, err := transaction(args, stdin)
	if err != nil {
		return err
	}
	for name, content := range files {
		s.Machine.WriteFile(name, content)
	}
	if s.Exists(poolPath) {
		s.Machine.WriteFile(poolOffPath, s.Machine.Files[poolPath].Content)
		s.Machine.RemoveAll(poolPath)
	}
	s.Machine.RemoveAll(pendingPath + "/php-fpm")
	return nil
}

// php answers in the formats of package host, under the key of the first argument.
func (s *Server) php(args []string) string {
	if s.Machine.Packages["php-fpm"] == "" {
		return ""
	}
	out := "version 8.2\n"
	if s.Exists(poolPath) {
		out += "pool\n"
	}
	for name := range strings.FieldsSeq(args[1]) {
		if s.Unknown[name] {
			out += "unloaded " + name + "\n"
		}
	}
	units, _, _ := s.Machine.Call(host.AskUnits("x", fpmUnit).Command)
	out += "units\n" + strings.Replace(units, "Unit="+fpmUnit, "Unit="+args[0], 1)
	var names []string
	for _, name := range args[2:] {
		names = append(names, strings.ReplaceAll(name, "%v", "8.2"))
	}
	files, _, _ := s.Machine.Call(host.AskFiles("x", names...).Command)
	return out + "files\n" + files
}

// runsPHP reports whether the machine is to run PHP for the site.
func (s *Server) runsPHP() bool {
	return s.Exists("/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini")
}
