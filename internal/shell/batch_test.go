package shell_test

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func TestBatchThroughARealShell(t *testing.T) {
	batch := shell.Batch(
		shell.Ask("plain", `echo "$1"; echo "$2"`, "it's", "$(id)"),
		shell.Ask("fails", `echo half; echo lost >&2; exit 3`),
		shell.Ask("bytes", `printf 'ü\n\n'`),
		shell.Ask("looks-like-a-header", `printf 'plain 0 5\nxxxxx\n'`),
		shell.Ask("reads", `cat`),
	)
	out, err := exec.Command("/bin/sh", "-c", batch.Line()).Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := shell.ParseBatch(out)
	if err != nil {
		t.Fatal(err)
	}
	want := shell.Answers{
		"plain":               {Out: "it's\n$(id)"},
		"fails":               {Status: 3, Out: "half"},
		"bytes":               {Out: "ü"},
		"looks-like-a-header": {Out: "plain 0 5\nxxxxx"},
		"reads":               {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func FuzzParseBatch(f *testing.F) {
	f.Add([]byte("a 0 3\nxyz\nb 1 0\n\n"))
	f.Add([]byte("a 0 9\nxyz\n"))
	f.Add([]byte("sudo: a password is required\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		answers, err := shell.ParseBatch(out)
		if err != nil && answers != nil {
			t.Error("answers beside an error")
		}
	})
}
