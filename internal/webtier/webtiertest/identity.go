package webtiertest

import (
	"path"
	"strings"
)

func (s *Server) identityConcern() {
	s.answer("web-markers", func(args []string) string {
		var b strings.Builder
		for name := range s.Machine.Files {
			if path.Dir(name) == args[0] && strings.HasPrefix(path.Base(name), args[1]+"-") && path.Ext(name) == ".json" {
				b.WriteString(path.Base(name) + "\n")
			}
		}
		return b.String()
	})
	s.answer("web-marker", func(args []string) string { return s.Machine.Files[args[0]].Content })
}
