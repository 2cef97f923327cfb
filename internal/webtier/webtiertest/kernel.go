package webtiertest

import (
	"slices"
	"strings"
)

func (s *Server) kernelConcern() {
	s.answer("web-kernel", func(args []string) string {
		var b strings.Builder
		for _, path := range args {
			b.WriteString(path + ":" + s.Kernel[path] + "\n")
		}
		return b.String()
	})
	s.act("web-set-kernel", s.setKernel)
}

func (s *Server) setKernel(args []string, _ []byte) error {
	for pair := range slices.Chunk(args, 2) {
		s.Kernel[pair[0]] = pair[1]
	}
	return nil
}
