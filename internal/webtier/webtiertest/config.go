package webtiertest

import (
	"encoding/base64"
	"fmt"
	"path"
	"strings"
)

func (s *Server) configConcern() {
	s.answer("web-pending", s.pending)
	s.act("web-reset-failed", nothing)
}

// transaction returns the files of a script that configures a service, whose contents
// are lines of base64 on its standard input, and the arguments after their paths.
func transaction(args []string, stdin []byte) (files map[string]string, rest []string, err error) {
	count := 0
	_, _ = fmt.Sscan(args[2], &count)
	files, rest = map[string]string{}, args[3:]
	lines := strings.Split(string(stdin), "\n")
	for i := range count {
		content, err := base64.StdEncoding.DecodeString(lines[i])
		if err != nil {
			return nil, nil, err
		}
		files[rest[0]], rest = string(content), rest[1:]
	}
	return files, rest, nil
}

func (s *Server) pending(args []string) string {
	out := ""
	for name := range s.Machine.Files {
		if path.Dir(name) == args[0] {
			out += path.Base(name) + "\n"
		}
	}
	return out
}
