package sshtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

func TestParseLineUndoesLine(t *testing.T) {
	args := []string{"", "two words", "it's", "$HOME", "a\nb", `back\slash`, "*", "-n"}
	for _, sudo := range []bool{false, true} {
		line := shell.Script(`printf '%s' "$1"`, args...).Line()
		if sudo {
			line = "sudo -n -- " + line
		}
		script, got, gotSudo, err := sshtest.ParseLine(line)
		if err != nil || script != `printf '%s' "$1"` || gotSudo != sudo {
			t.Errorf("got script %q, sudo %v, error %v", script, gotSudo, err)
		}
		if diff := cmp.Diff(args, got); diff != "" {
			t.Errorf("arguments (-want +got):\n%s", diff)
		}
	}
}

func TestSplitWords(t *testing.T) {
	tests := map[string]struct {
		line string
		want []string
	}{
		"nothing":       {"  ", nil},
		"empty word":    {"a ''", []string{"a", ""}},
		"joined":        {`'a b'"c d"\ e`, []string{"a bc d e"}},
		"double quoted": {`"\$x \" \\ \n"`, []string{`$x " \ \n`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := sshtest.SplitWords(test.line)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, words (-want +got):\n%s", err, diff)
			}
		})
	}
	for _, line := range []string{"a; b", "a | b", "$(id)", `"$HOME"`, "'open", `"open`, `end\`, "a\nb", "ls *"} {
		if words, err := sshtest.SplitWords(line); err == nil {
			t.Errorf("split %q into %q", line, words)
		}
	}
	for _, line := range []string{"uptime", "sudo -n true", "env LC_ALL=C sh -c", "a;b"} {
		if _, _, _, err := sshtest.ParseLine(line); err == nil {
			t.Errorf("parsed %q", line)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	for _, seed := range []string{"", "plain", "two words", "it's", "a\nb", `\`, `"`} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		want := []string{strings.ReplaceAll(a, "\x00", ""), strings.ReplaceAll(b, "\x00", "")}
		got, err := sshtest.SplitWords(shell.Join(a, b))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, words (-want +got):\n%s", err, diff)
		}
	})
}
