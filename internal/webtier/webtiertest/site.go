package webtiertest

import (
	"cmp"
	"errors"
)

func (s *Server) siteConcern() { s.act("web-remember-site", s.rememberSite) }

// rememberSite keeps what the sentinel says under the name of the record.
func (s *Server) rememberSite(args []string, _ []byte) error {
	if s.content().Site == "" {
		return errors.New("there is no sentinel")
	}
	s.Machine.WriteFile(args[1], s.content().Site+" "+cmp.Or(s.content().Volume, "-"))
	return nil
}
