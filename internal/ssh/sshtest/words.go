package sshtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SplitWords splits a command line into the words that a POSIX shell would
// make of it. It refuses what is not plain words (expansions, redirections,
// lists), because a line of ours never has them outside quotes.
func SplitWords(line string) ([]string, error) {
	s := splitter{rest: line}
	for s.rest != "" {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	s.end()
	return s.words, nil
}

type splitter struct {
	rest  string
	words []string
	word  strings.Builder
	open  bool
}

func (s *splitter) step() error {
	c := s.rest[0]
	switch {
	case c == ' ' || c == '\t':
		s.rest = s.rest[1:]
		s.end()
		return nil
	case c == '\'':
		return s.single()
	case c == '"':
		return s.double()
	case c == '\\':
		return s.escape()
	case strings.IndexByte("|&;<>()$`*?[#~\n!{}", c) >= 0:
		return fmt.Errorf("cannot split the line: %q outside quotes", c)
	}
	s.add(s.rest[:1], 1)
	return nil
}

func (s *splitter) add(text string, consumed int) {
	s.word.WriteString(text)
	s.open = true
	s.rest = s.rest[consumed:]
}

func (s *splitter) end() {
	if s.open {
		s.words = append(s.words, s.word.String())
		s.word.Reset()
		s.open = false
	}
}

func (s *splitter) single() error {
	end := strings.IndexByte(s.rest[1:], '\'')
	if end < 0 {
		return errors.New("cannot split the line: a single quote is not closed")
	}
	s.add(s.rest[1:1+end], end+2)
	return nil
}

func (s *splitter) double() error {
	s.add("", 1)
	for s.rest != "" {
		switch c := s.rest[0]; {
		case c == '"':
			s.add("", 1)
			return nil
		case c == '\\' && len(s.rest) > 1 && strings.IndexByte("$`\"\\", s.rest[1]) >= 0:
			s.add(s.rest[1:2], 2)
		case c == '$' || c == '`':
			return fmt.Errorf("cannot split the line: the expansion %q in double quotes", c)
		default:
			s.add(s.rest[:1], 1)
		}
	}
	return errors.New("cannot split the line: a double quote is not closed")
}

func (s *splitter) escape() error {
	if len(s.rest) < 2 {
		return errors.New("cannot split the line: it ends with a backslash")
	}
	s.add(s.rest[1:2], 2)
	return nil
}

// ParseLine undoes shell.Command.Line: it returns the script's text and its
// arguments, and whether the line goes through sudo.
func ParseLine(line string) (script string, args []string, sudo bool, err error) {
	words, err := SplitWords(line)
	if err != nil {
		return "", nil, false, err
	}
	if len(words) > 2 && words[0] == "sudo" && words[1] == "-n" {
		sudo, words = true, words[2:]
		if words[0] == "--" {
			words = words[1:]
		}
	}
	head := []string{"env", "LC_ALL=C", "sh", "-c"}
	if len(words) < len(head)+2 || !slices.Equal(words[:len(head)], head) {
		return "", nil, sudo, fmt.Errorf("cannot parse %q: it is not a script with its arguments", line)
	}
	return words[len(head)], words[len(head)+2:], sudo, nil
}
