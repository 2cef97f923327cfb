package shell_test

import (
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestAssemble(t *testing.T) {
	files := fstest.MapFS{
		"scripts/greet.sh": {Data: []byte(`: tier-greet
# Says who is there.
# shellcheck disable=SC2086 # words are wanted
set -u

name=$1
. ./words.sh
if true; then
	# Nobody is greeted twice.
    echo "$(greeting)" $name \
        '#1'
fi
. ./end.sh
`)},
		"scripts/words.sh": {Data: []byte("# greeting prints a word.\ngreeting() {\n    echo hello\n}\n. ./inner.sh")},
		"scripts/inner.sh": {Data: []byte("x=1\n")},
		"scripts/end.sh":   {Data: []byte("exit \"$((x - 1))\"\n")},
	}
	text, err := shell.Assemble(files, "greet")
	if err != nil {
		t.Fatal(err)
	}
	want := ": tier-greet\nset -u\nname=$1\ngreeting() {\necho hello\n}\nx=1\nif true; then\necho \"$(greeting)\" $name \\\n'#1'\nfi\nexit \"$((x - 1))\""
	if text != want {
		t.Errorf("got %q", text)
	}
	command := shell.Script(shell.Text(text), "world")
	if command.Label() != "tier-greet" {
		t.Errorf("the label is %q", command.Label())
	}
	if out, err := exec.Command("/bin/sh", "-c", command.Line()).Output(); err != nil || string(out) != "hello world #1\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestAssembleNamesWhatIsMissing(t *testing.T) {
	files := fstest.MapFS{"scripts/a.sh": {Data: []byte(": a\n. ./gone.sh\n")}}
	for _, name := range []string{"gone", "a"} {
		if _, err := shell.Assemble(files, name); err == nil || !strings.Contains(err.Error(), "script gone") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
