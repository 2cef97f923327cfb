package webtiertest

import (
	"fmt"
	"strings"
)

func (s *Server) drainConcern() {
	s.answer("web-drained", s.drained)
	s.act("web-drain", s.drain)
	s.act("web-undrain", s.undrain)
	s.answer("web-visitors", func([]string) string {
		if s.Visitors == nil {
			return "0\n"
		}
		return fmt.Sprintln(s.Visitors())
	})
	// No machine of the tier has a floating address.
	s.answer("tier-held", func([]string) string { return "" })
	s.act("tier-drain", s.giveAway)
}

// inMaintenance reports whether the record of the tier is there.
func (s *Server) inMaintenance() bool {
	for file := range s.Machine.Files {
		if strings.HasPrefix(file, "/var/lib/terraform-ha/web-") && strings.HasSuffix(file, ".maintenance") {
			return true
		}
	}
	return false
}

func (s *Server) drain(args []string, _ []byte) error {
	if !s.Exists(args[0]) {
		s.Machine.WriteFile(args[0], args[1]+"\n")
	}
	out := 0
	for _, other := range s.tier.Servers {
		if other.Exists(drainPath) && other.able() {
			out++
		}
	}
	s.tier.MostOut = max(s.tier.MostOut, out)
	return nil
}

func (s *Server) undrain(args []string, _ []byte) error {
	for ; len(args) > 1; args = args[2:] {
		if strings.TrimSpace(s.Machine.Files[args[0]].Content) == args[1] {
			s.Machine.RemoveAll(args[0])
		}
	}
	return nil
}

// giveAway writes the file that the checks of floating addresses read.
func (s *Server) giveAway(args []string, _ []byte) error {
	if !s.Exists(args[0]) {
		s.Machine.WriteFile(args[0], args[1]+"\n")
	}
	return nil
}

func (s *Server) drained(args []string) string {
	drain, mark, rolling := args[0], args[1], args[2]
	out := ""
	if file, found := s.Machine.Files[drain]; found {
		out += map[bool]string{true: "drained change\n", false: "drained operator\n"}[strings.TrimSpace(file.Content) == mark]
	}
	if s.Exists(rolling) {
		out += "rolling\n"
	}
	return out
}
