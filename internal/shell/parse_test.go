package shell_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// parsed is what can be compared of a command.
type parsed struct {
	Text  string
	Args  []string
	Parts map[string]parsed
}

func open(c shell.Command) parsed {
	p := parsed{Text: string(c.Text()), Args: append([]string{}, c.Args()...)}
	for _, part := range c.Parts() {
		if p.Parts == nil {
			p.Parts = map[string]parsed{}
		}
		p.Parts[part.Name] = open(part.Command)
	}
	return p
}

func TestParseLineUndoesLine(t *testing.T) {
	tests := map[string]shell.Command{
		"program":  shell.New("systemctl", "start", "a b"),
		"nasty":    shell.New("printf", nasty...),
		"script":   shell.Script(": label\ncat \"$1\" 2>/dev/null </dev/null)", "it's", ""),
		"no args":  shell.Script(`: facts`),
		"no text":  shell.Script(``, "x"),
		"no parts": shell.Batch(),
		"batch": shell.Batch(
			shell.Ask("one", ": one\necho \"it's\"", nasty...),
			shell.Ask("a name", ""),
			shell.Part{Name: "program", Command: shell.New("gluster", "2", "o=$(")},
		),
		"work inside": shell.Script(`: detached`, shell.Script(": inner\nx", "y z").Line()),
	}
	for name, command := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := shell.ParseLine(command.Line())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(open(command), open(got)); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
			if got.Label() != command.Label() {
				t.Errorf("the label is %q instead of %q", got.Label(), command.Label())
			}
		})
	}
}

func TestParseLineRefusesWhatLineDoesNotWrite(t *testing.T) {
	line := shell.New("id", "a b").Line()
	for _, wrong := range []string{
		"", "id", "env", " " + line, line + " ", line + "; id", line + "\n", strings.ReplaceAll(line, "'", ""),
		strings.Replace(line, "a b", "a b'", 1), strings.Replace(line, "sh -c", "bash -c", 1), `env 'LC_ALL=C' sh -c 'exec "$@"' sh`,
		`env 'LC_ALL=C' sh -c "id" sh`, `env 'LC_ALL=C' sh -c ': batch` + "\n" + `id' sh`,
	} {
		if got, err := shell.ParseLine(wrong); err == nil {
			t.Errorf("%q was read as %q", wrong, got)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(shell.New("id", nasty...).Line())
	f.Add(shell.Batch(shell.Ask("a", "x", nasty...), shell.Ask("b", "y")).Line())
	f.Add(`env 'LC_ALL=C' sh -c '' sh '''`)
	f.Fuzz(func(t *testing.T, line string) {
		if got, err := shell.ParseLine(line); err == nil && got.Line() != line {
			t.Errorf("%q was read as a command whose line is %q", line, got.Line())
		}
	})
}

func FuzzParseLineUndoesLine(f *testing.F) {
	f.Add("a", "b", "c")
	f.Add("it's", "2>/dev/null", "'\\''")
	f.Fuzz(func(t *testing.T, program, argument, name string) {
		inner := shell.New(program, argument)
		for _, command := range []shell.Command{inner, shell.Batch(shell.Part{Name: name, Command: inner})} {
			got, err := shell.ParseLine(command.Line())
			if err != nil || got.Line() != command.Line() {
				t.Errorf("%q: %v", command.Line(), err)
			}
		}
	})
}
