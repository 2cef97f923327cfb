package webtiertest

import (
	"maps"
	"slices"
)

func (s *Server) accountsConcern() {
	s.answer("web-accounts", func([]string) string {
		out := "root:0:0\nwww-data:33:33\n"
		for _, name := range slices.Sorted(maps.Keys(s.Accounts)) {
			out += name + ":" + s.Accounts[name] + ":33\n"
		}
		return out
	})
	s.act("web-add-user", s.addUser)
}

func (s *Server) addUser(args []string, _ []byte) error {
	s.Accounts[args[0]] = args[1]
	return nil
}
