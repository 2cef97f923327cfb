package webtiertest

import "strings"

func (s *Server) pageConcern() {
	s.answer("web-ask-page", func(args []string) string {
		if s.sets(s.tier.Breaks) || s.tier.NeedsPHP && !s.hostsPHP() {
			return "answers 500 instead of " + args[1]
		}
		return ""
	})
}

func (s *Server) hostsPHP() bool {
	return strings.Contains(s.Machine.Files["/etc/apache2/"+strings.Replace(s.site, "enabled", "available", 1)].Content, "fcgi://")
}

// sets reports whether the machine's settings of PHP hold a text.
func (s *Server) sets(text string) bool {
	return text != "" && strings.Contains(s.Machine.Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content, text)
}
