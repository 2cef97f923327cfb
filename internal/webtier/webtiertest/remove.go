package webtiertest

func (s *Server) removeConcern() { s.act("web-remove-configuration", s.removeConfiguration) }

func (s *Server) removeConfiguration(args []string, _ []byte) error {
	unit, ours, library, pending := args[0], args[2], args[3], args[5]
	if args[6] != "" {
		s.Local.Site = ""
	}
	if unit != "" {
		_ = s.Machine.Stop(unit)
		s.Mounted, s.Hung = "", false
	}
	delete(s.Enabled, "sites-enabled/"+ours)
	delete(s.Enabled, "conf-enabled/"+ours)
	if s.Exists(poolOffPath) {
		s.Machine.WriteFile(poolPath, s.Machine.Files[poolOffPath].Content)
		s.Machine.RemoveAll(poolOffPath)
	}
	for _, name := range append(args[7:], library, pending) {
		s.Machine.RemoveAll(name)
	}
	return nil
}
