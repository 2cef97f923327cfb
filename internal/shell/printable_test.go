package shell_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain\ttext\n":           "plain\ttext\n",
		"grün, 東京":                "grün, 東京",
		"\x1b]0;title\a\x1b[2J":   `\x1b]0;title\x07\x1b[2J`,
		"over\rwritten \x7f":      `over\x0dwritten \x7f`,
		"\u009b2J and \u202egpj.": `\u009b2J and \u202egpj.`,
		"broken \xff":             "broken \uFFFD",
	} {
		if got := shell.Printable(text); got != want {
			t.Errorf("%q became %q instead of %q", text, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, word := range nasty {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := shell.Printable(text)
		if !utf8.ValidString(got) || shell.Printable(got) != got {
			t.Errorf("%q became %q", text, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
			t.Errorf("%q kept a control character", got)
		}
	})
}

func TestWhatMachinesSayIsPrintable(t *testing.T) {
	evil := "\x1b[31mred"
	answers, err := shell.ParseBatch([]byte("a 0 8\n" + evil + "\n"))
	if err != nil || answers["a"].Out != `\x1b[31mred` {
		t.Errorf("got %v, %v", answers, err)
	}
	failure := &shell.ExitError{Status: 1, Stderr: []byte(evil)}
	if got := failure.Error(); got != `exit status 1: \x1b[31mred` {
		t.Errorf("got %q", got)
	}
	if _, err := shell.ParseBatch([]byte(evil)); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %v", err)
	}
}
