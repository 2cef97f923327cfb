package webtiertest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (s *Server) healthConcern() {
	s.answer("web-health", func([]string) string { return s.health() })
	s.Machine.HandleQuery("web-await-health", s.awaitHealth)
	s.act("web-restart-servers", s.restartServers)
}

func (s *Server) awaitHealth(m *hosttest.Machine, c shell.Command) (string, int, string) {
	drain, mark := m.Files[c.Args()[1]], c.Args()[2]
	byOperator := drain.Content != "" && strings.TrimSpace(drain.Content) != mark
	if s.Serving() || (byOperator || s.Exists(c.Args()[4])) && m.Unit(apacheUnit).Running() {
		return "", 0, ""
	}
	return "", 1, "answers " + s.health()
}

func (s *Server) restartServers(args []string, _ []byte) error {
	if s.Serving() {
		return nil
	}
	s.Wedged = false
	return s.Machine.Start(args[2])
}

// Serving reports whether visitors get the site.
func (s *Server) Serving() bool {
	m := s.Machine
	there := !s.mounts() || s.Mounted != "" && !s.Hung
	return m.Unit(apacheUnit).Running() && (!s.runsPHP() || m.Unit(fpmUnit).Running()) && m.Unit(probeUnit).Running() &&
		there && s.content().Site != "" && s.content().Root && !s.Exists(drainPath) && !s.inMaintenance() && s.Enabled[s.site] && !s.Wedged && !s.sets(s.tier.Sickens)
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
