package shell_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestNothingRunsWithAPartOfItsInput cuts standard input short after each byte, as a connection
// does that breaks, and has a real shell run what was delivered.
func TestNothingRunsWithAPartOfItsInput(t *testing.T) {
	target := filepath.Join(t.TempDir(), "file")
	content := []byte("a b\x00c\n\xff\n\n")
	command := shell.Script(`: put`+"\n"+`cat >"$1"; printf '%s' "$2"; exit 3`, target, "it's").WithStdin(content)
	line, stdin := command.Delivery()
	for length := range len(stdin) + 1 {
		if err := os.WriteFile(target, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), "/bin/sh", "-c", line)
		run.Stdin = bytes.NewReader(stdin[:length])
		out, err := run.Output()
		want, status, said := []byte("before"), 97, ""
		if length == len(stdin) {
			want, status, said = content, 3, "it's"
		}
		got, _ := os.ReadFile(target)
		if !bytes.Equal(got, want) || run.ProcessState.ExitCode() != status || string(out) != said {
			t.Fatalf("with %d of %d bytes: %v, %q is printed, and the file is %q", length, len(stdin), err, out, got)
		}
	}
}

func TestACommandWithoutInputIsItsLine(t *testing.T) {
	command := shell.New("systemctl", "start", "a b").WithStdin(nil)
	if line, stdin := command.Delivery(); line != command.Line() || stdin != nil {
		t.Errorf("%q and %q are delivered", line, stdin)
	}
}

func FuzzParseDeliveryUndoesDelivery(f *testing.F) {
	f.Add(": label\ncat", "it's", []byte("\x00\xff"))
	f.Add("", "", []byte{})
	f.Fuzz(func(t *testing.T, text, argument string, input []byte) {
		command := shell.Script(shell.Text(text), argument).WithStdin(input)
		line, stdin := command.Delivery()
		got, err := shell.ParseDelivery(line, stdin)
		if err != nil || got.Line() != command.Line() || !bytes.Equal(got.Stdin(), input) {
			t.Fatalf("%q with %q is read as %q with %q: %v", command.Line(), input, got.Line(), got.Stdin(), err)
		}
		if len(stdin) == 0 {
			return
		}
		if got, err := shell.ParseDelivery(line, stdin[:len(stdin)-1]); err == nil {
			t.Errorf("a part of the input is read as %q", got.Stdin())
		}
	})
}
