package image

import (
	"bytes"
	"io"
	"strings"
)

// tail is a writer that remembers the end of what was written, for errors.
type tail struct {
	kept []byte
}

const tailSize = 4096

// Write never fails.
func (t *tail) Write(data []byte) (int, error) {
	t.kept = append(t.kept, data...)
	if surplus := len(t.kept) - tailSize; surplus > 0 {
		t.kept = append([]byte(nil), t.kept[surplus:]...)
	}
	return len(data), nil
}

// String returns the last lines.
func (t *tail) String() string {
	lines := strings.Split(strings.TrimSpace(string(t.kept)), "\n")
	const most = 12
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	return strings.Join(lines, "\n")
}

// steps is a writer that passes on the lines in which a build script announces
// its next step, and hands everything to log.
type steps struct {
	say  func(format string, args ...any)
	log  io.Writer
	line []byte
}

// Write passes on complete lines only.
func (s *steps) Write(data []byte) (int, error) {
	s.line = append(s.line, data...)
	for {
		end := bytes.IndexByte(s.line, '\n')
		if end < 0 {
			return s.log.Write(data)
		}
		if step, found := strings.CutPrefix(string(s.line[:end]), "==> "); found {
			s.say("%s", step)
		}
		s.line = s.line[end+1:]
	}
}
