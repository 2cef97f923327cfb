package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFragments runs the question in a real shell, with the attribute that a file beside each
// entry has. A symbolic link has one of its own, and that of a directory is the directory's.
func TestFragments(t *testing.T) {
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) {
		t.Helper()
		name = filepath.Join(root, name)
		must(os.MkdirAll(filepath.Dir(name), 0o755))
		must(os.WriteFile(name, []byte(content), 0o755)) //nolint:gosec // a program among them
	}
	// getfattr follows links unless it is told not to, and names what it was asked for.
	write("bin/getfattr", `#!/bin/sh
follow=yes
for f; do
    [ "$f" != -h ] || follow=no
    case $f in ??/*) ;; *) continue ;; esac
    of=$f.attribute
    [ $follow = no ] || of=$f.followed
    [ -e "$of" ] || continue
    printf '# file: %s\ntrusted.ec.version=%s\n\n' "$f" "$(cat "$of")"
done
`)
	const (
		top     = "00000000-0000-0000-0000-000000000001"
		file    = "18ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		link    = "28ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		bare    = "38ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		gone    = "48ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		first   = "0x00000000000000010000000000000002"
		other   = "0x0000000000000fff0000000000000010"
		index   = "brick/.glusterfs/indices/xattrop/"
		entries = "brick/.glusterfs/"
	)
	at := func(gfid string) string { return entries + gfid[:2] + "/" + gfid[2:4] + "/" + gfid }
	write(index+"xattrop-0e7ec545-cebc-44e3-932c-16ef7624d914", "")
	for _, gfid := range []string{top, file, link, bare, gone} {
		write(index+gfid, "")
	}
	write(at(file), "")
	write(at(file)+".attribute", first)
	write(at(file)+".followed", first)
	write(at(bare), "")
	must(os.MkdirAll(filepath.Join(root, filepath.Dir(at(top))), 0o755))
	must(os.Symlink("../../..", filepath.Join(root, at(top))))
	write(at(top)+".followed", other)
	must(os.MkdirAll(filepath.Join(root, filepath.Dir(at(link))), 0o755))
	must(os.Symlink("nowhere", filepath.Join(root, at(link))))
	write(at(link)+".attribute", first)
	write(at(link)+".followed", other)
	run := func(which, stdin string) []string {
		t.Helper()
		//nolint:gosec // the program's own script
		command := exec.CommandContext(t.Context(), "sh", "-c", string(fragmentsScript), "sh", filepath.Join(root, "brick"), which)
		command.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
		command.Stdin = strings.NewReader(stdin)
		out, err := command.Output()
		must(err)
		return slices.Sorted(strings.SplitSeq(strings.TrimSpace(string(out)), "\n"))
	}
	want := []string{top + " " + other, file + " " + first, link + " " + first, bare + " 0", gone + " -"}
	if diff := cmp.Diff(want, run("index", "")); diff != "" {
		t.Errorf("the index (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{file + " " + first, gone + " -"}, run("asked", gone+"\n"+file)); diff != "" {
		t.Errorf("two that are asked for (-want +got):\n%s", diff)
	}
	versions, err := parseVersions(strings.Join(want, "\n") + "\n")
	must(err)
	if diff := cmp.Diff(map[string]version{top: {true, 4095, 16}, file: {true, 1, 2}, link: {true, 1, 2}, bare: {exists: true}, gone: {}}, versions, cmp.AllowUnexported(version{})); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	for _, wrong := range []string{file, file + " 0x12", file + " 0x0000000000000fffzz00000000000010"} {
		if _, err := parseVersions(wrong); err == nil {
			t.Errorf("%q passes for a version", wrong)
		}
	}
}

// TestWhoLacksAFragment has entries that are written meanwhile, that are deleted, and that one
// brick does not have.
func TestWhoLacksAFragment(t *testing.T) {
	none, older, newer, owned := version{}, version{true, 1, 1}, version{true, 2, 1}, version{true, 1, 2}
	looks := func(a, b, c version) map[string]map[string]version {
		return map[string]map[string]version{"files1": {"e": a}, "files3": {"e": b}, "files4": {"e": c}}
	}
	for name, test := range map[string]struct {
		earlier, later map[string]map[string]version
		want           string
	}{
		"the same":                     {looks(newer, newer, newer), looks(newer, newer, newer), ""},
		"written between the looks":    {looks(older, older, older), looks(older, newer, newer), ""},
		"written before the last look": {looks(older, newer, newer), looks(newer, newer, newer), ""},
		"one is behind":                {looks(older, newer, newer), looks(older, newer, newer), "files1"},
		"one lacks an attribute":       {looks(older, owned, owned), looks(older, owned, owned), "files1"},
		"each has what another lacks":  {looks(newer, owned, newer), looks(newer, owned, newer), "files1 files3 files4"},
		"one does not have it":         {looks(older, none, older), looks(older, none, older), "files3"},
		"it was made meanwhile":        {looks(none, none, none), looks(older, older, none), "files4"},
		"it was deleted":               {looks(newer, older, newer), looks(none, none, none), ""},
		"it is nowhere":                {looks(none, none, none), looks(none, none, none), ""},
	} {
		var behind []string
		for _, node := range []string{"files1", "files3", "files4"} {
			if len(missedBy(node, []string{"e"}, test.earlier, test.later)) > 0 {
				behind = append(behind, node)
			}
		}
		if got := strings.Join(behind, " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if got := differing(map[string]map[string]version{"files1": {"a": older, "b": older, "c": older}, "files2": {"a": older, "b": newer}}); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("differing are %v", got)
	}
}
