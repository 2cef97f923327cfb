package tier

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Permanent returns the errors that are not about a machine that does not answer:
// a refused key or a changed host key is cured by no plan. It is nil without any.
func Permanent(errs map[string]error) error {
	var all MachineErrors
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		if !host.IsUnreachable(errs[name]) {
			all.Errs = append(all.Errs, errs[name])
		}
	}
	if len(all.Errs) == 0 {
		return nil
	}
	return &all
}

// MachineErrors are errors of several machines.
type MachineErrors struct {
	// Intro is the text before them, with its line break; may be empty.
	Intro string
	Errs  []error
}

// Error gives each error as a sentence on a line of its own.
func (e *MachineErrors) Error() string {
	var lines []string
	for _, err := range e.Errs {
		// All machines behind a bastion say the same of it.
		if line := Sentence(err); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return e.Intro + strings.Join(lines, "\n")
}

// Unwrap returns the errors.
func (e *MachineErrors) Unwrap() []error { return e.Errs }

// CurableError is an error of a tier that says what a user can do about it.
type CurableError interface {
	error
	// Cure returns the path of the attribute that the error is about, and what to do.
	Cure() (path []string, text string)
}

// Sentence returns an error as a sentence: with a capital letter and a full stop.
func Sentence(err error) string { return strings.TrimRight(Capitalized(err.Error()), ".") + "." }

// Capitalized begins a text with a capital letter. Names stay as they are: "wsrep_on"
// and "n1" are spelled as the user spells them.
func Capitalized(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return unicode.IsDigit(r) || r == '_' }) {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
