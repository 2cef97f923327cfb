package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text that a machine sent, with everything that a terminal
// would act upon written out: control characters, among them the escape that
// begins a terminal's commands, and characters that change the direction of
// writing, as \x1b or \u202e. Line breaks and tabs stay. What is not UTF-8 becomes
// the replacement character, because Terraform takes nothing else.
func Printable(text string) string {
	if !strings.ContainsFunc(text, hidden) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden reports whether a terminal would act upon a character instead of showing
// it. Format characters (Cf) are those that reorder or join others.
func hidden(r rune) bool {
	if r < utf8.RuneSelf {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
