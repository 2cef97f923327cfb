package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDirectories runs the question in a real shell, about a brick with directories, a file and
// a symbolic link of a client's in its index.
func TestDirectories(t *testing.T) {
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const (
		top    = "00000000-0000-0000-0000-000000000001"
		load   = "18ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		file   = "28ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		link   = "38ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
		absent = "48ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4"
	)
	write := func(name string) {
		t.Helper()
		must(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o750))
		must(os.WriteFile(filepath.Join(root, name), nil, 0o600))
	}
	at := func(id string) string { return ".glusterfs/" + id[:2] + "/" + id[2:4] + "/" + id }
	points := func(id, target string) {
		t.Helper()
		must(os.MkdirAll(filepath.Dir(filepath.Join(root, at(id))), 0o750))
		must(os.Symlink(target, filepath.Join(root, at(id))))
	}
	for _, id := range []string{top, load, file, link, absent} {
		write(".glusterfs/indices/xattrop/" + id)
	}
	write(".glusterfs/indices/xattrop/xattrop-0e7ec545-cebc-44e3-932c-16ef7624d914")
	write("the\nload/one\ntwo")
	write("the\nload/two")
	write(at(file))
	points(top, "../../..")
	points(load, "../../00/00/"+top+"/the\nload")
	points(link, root)
	ask := func(ids ...string) []directory {
		t.Helper()
		//nolint:gosec // the program's own script
		out, err := exec.CommandContext(t.Context(), "sh", append([]string{"-c", string(directoriesScript), "sh", root}, ids...)...).Output()
		must(err)
		return parseDirectories(string(out))
	}
	want := []directory{{top, "/", 2}, {load, "/the?load", 2}}
	if diff := cmp.Diff(want, ask(), cmp.AllowUnexported(directory{})); diff != "" {
		t.Errorf("the index (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], ask(load, absent), cmp.AllowUnexported(directory{})); diff != "" {
		t.Errorf("those that are asked for (-want +got):\n%s", diff)
	}
	for want, there := range map[string][]directory{
		`directory "/load" is not on files2 yet`:                                       nil,
		`of directory "/load", 2 of 5 names are on files2`:                             {{id: load, names: 2}},
		`of directory "/load", all 5 names are on files2, and they are still compared`: {{id: load, names: 5}},
	} {
		if got := (directory{id: load, path: "/load", names: 5}).progress(there, "files2"); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}
