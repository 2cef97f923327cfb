package webtiertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (s *Server) apacheConcern() {
	s.answer("web-apache-enabled", func([]string) string { return strings.Join(slices.Sorted(maps.Keys(s.Enabled)), "\n") })
	s.act("web-configure-apache", s.configureApache)
}

func (s *Server) configureApache(args []string, stdin []byte) error {
	files, rest, err := transaction(args, stdin)
	if err != nil {
		return err
	}
	for name, content := range files {
		if s.Refuse != "" && strings.Contains(content, s.Refuse) {
			return fmt.Errorf("Apache refuses %s", name)
		}
	}
	for name, content := range files {
		s.Machine.WriteFile(name, content)
	}
	for module := range strings.FieldsSeq(rest[0]) {
		s.Enabled["mods-enabled/"+module+".load"] = true
	}
	s.Enabled["conf-enabled/"+rest[1]+".conf"], s.Enabled["sites-enabled/"+rest[1]+".conf"] = true, true
	delete(s.Enabled, defaultSite)
	s.Machine.RemoveAll(pendingPath + "/apache2")
	return nil
}
