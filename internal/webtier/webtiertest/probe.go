package webtiertest

func (s *Server) probeConcern() { s.act("web-restart-probe", nothing) }
