package webtiertest

import "fmt"

func (s *Server) undeclaredConcern() { s.act("web-remove-undeclared", s.removeUndeclared) }

func (s *Server) removeUndeclared(args []string, _ []byte) error {
	units := 0
	_, _ = fmt.Sscan(args[1], &units)
	for _, unit := range args[2 : 2+units] {
		if err := s.Machine.Stop(unit); err != nil {
			return err
		}
		s.Machine.Unit(unit).Enabled = false
	}
	for _, name := range args[2+units:] {
		s.Machine.RemoveAll(name)
	}
	if args[0] != "" {
		s.Machine.WriteFile(poolPath, s.Machine.Files[poolOffPath].Content)
		s.Machine.RemoveAll(poolOffPath)
	}
	return nil
}
