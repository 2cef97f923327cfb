package shell_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var nasty = []string{
	"", "plain", "two words", "it's", `"double"`, "$(touch /tmp/pwned)", "`id`", "a\nb", "\\", "*", "~", "-n",
	"trailing\n", "tab\there", "${IFS}", "!history", "üñí", ";reboot", "&&", "|", "#comment", "a'b'c''", "\x01\x7f",
}

func TestArgumentsReachTheProgramUnchanged(t *testing.T) {
	for _, word := range nasty {
		if got := throughShell(t, word); got != word {
			t.Errorf("the shell made %q of %q", got, word)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, word := range nasty {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		want := strings.ReplaceAll(word, "\x00", "")
		if len(want) > 4096 {
			t.Skip("longer than any argument of ours")
		}
		if got := throughShell(t, word); got != want {
			t.Errorf("the shell made %q of %q", got, want)
		}
	})
}

// throughShell runs the command line as a login shell would, and returns the
// one argument that the program at the end got.
func throughShell(t *testing.T, word string) string {
	t.Helper()
	line := shell.Script(`printf '%s' "$1"`, word).Line()
	out, err := exec.Command("/bin/sh", "-c", line).Output()
	if err != nil {
		t.Fatalf("cannot run %q: %v", line, err)
	}
	return string(out)
}

func TestLine(t *testing.T) {
	tests := map[string]struct {
		command shell.Command
		want    string
	}{
		"program": {shell.New("systemctl", "start", "a b"), `env LC_ALL=C sh -c 'exec "$@"' sh systemctl start 'a b'`},
		"script":  {shell.Script(`cat "$1"`, "it's"), `env LC_ALL=C sh -c 'cat "$1"' sh 'it'\''s'`},
		"empty":   {shell.New("printf", ""), `env LC_ALL=C sh -c 'exec "$@"' sh printf ''`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// The equals sign is quoted because it is not in the safe set.
			want := strings.Replace(test.want, "LC_ALL=C", "'LC_ALL=C'", 1)
			if diff := cmp.Diff(want, test.command.Line()); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStdinIsNotInAnyText(t *testing.T) {
	command := shell.New("mariadb").WithStdin([]byte("SET PASSWORD = 'hunter2'"))
	if strings.Contains(command.Line()+command.String(), "hunter2") {
		t.Error("the command's text shows its standard input")
	}
	if !bytes.Contains(command.Stdin(), []byte("hunter2")) {
		t.Error("the standard input was lost")
	}
}

func TestExitErrorKeepsTheEnd(t *testing.T) {
	err := &shell.ExitError{Status: 7, Stderr: []byte(strings.Repeat("noise ", 500) + "the reason")}
	if !strings.HasSuffix(err.Error(), "the reason") || len(err.Error()) > 700 {
		t.Errorf("got %q", err.Error())
	}
}
