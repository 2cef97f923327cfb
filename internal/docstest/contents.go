package docstest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// DESIGN.md has its contents between these lines. What is between them is written by
// WriteContents.
const (
	contentsBegin = "<!-- begin: contents, written by make docs -->\n"
	contentsEnd   = "<!-- end: contents -->\n"
)

// WriteContents brings the contents of DESIGN.md in the repository at root up to date.
func WriteContents(root string) error {
	name := filepath.Join(root, "DESIGN.md")
	document, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot write contents: %w", err)
	}
	current, err := WithContents(string(document))
	if err != nil {
		return fmt.Errorf("cannot write contents of %s: %w", name, err)
	}
	if err := os.WriteFile(name, []byte(current), 0o644); err != nil {
		return fmt.Errorf("cannot write contents: %w", err)
	}
	return nil
}

// WithContents returns a document with contents that are up to date: a list of its
// headings of the second and the third level, with links.
func WithContents(document string) (string, error) {
	before, rest, begins := strings.Cut(document, contentsBegin)
	_, after, ends := strings.Cut(rest, contentsEnd)
	if !begins || !ends {
		return "", fmt.Errorf("there is no place for them between the lines\n%s%s", contentsBegin, contentsEnd)
	}
	var list strings.Builder
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			fmt.Fprintf(&list, "- [%s](#%s)\n", title, anchor(title))
		}
		if title, ok := strings.CutPrefix(line, "### "); ok {
			fmt.Fprintf(&list, "  - [%s](#%s)\n", title, anchor(title))
		}
	}
	return before + contentsBegin + list.String() + contentsEnd + after, nil
}

// anchor is how GitHub names the place of a heading: in lower case, with hyphens for
// spaces and without punctuation.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}
