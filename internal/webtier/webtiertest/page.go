package webtiertest

import "strings"

func (s *Server) pageConcern() {
	s.answer("web-ask-page", func(args []string) string {
		ini := s.Machine.Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content
		if s.tier.Breaks != "" && strings.Contains(ini, s.tier.Breaks) {
			return "answers 500 instead of " + args[1]
		}
		return ""
	})
}
