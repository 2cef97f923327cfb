package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBlame runs the question in a real shell, with attributes that a file beside
// each entry has.
func TestBlame(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/getfattr", `#!/bin/sh
for f; do case $f in ../*) [ -e "$f.attributes" ] && { printf '# file: %s\n' "$f"; cat "$f.attributes"; echo; } ;; esac; done
`)
	write("volume", `volume v-client-0
    option remote-subvolume /srv/b
    option remote-host 10.0.0.11
end-volume
volume v-client-1
    option remote-subvolume /srv/b
    option remote-host 10.0.0.12
end-volume
volume v-client-2
    option remote-subvolume /srv/b
    option remote-host 10.0.0.13
end-volume
volume v-replicate-0
    option afr-pending-xattr v-client-0,v-client-5,v-client-2
    subvolumes v-client-0 v-client-1 v-client-2
end-volume
`)
	index := "brick/.glusterfs/indices/xattrop/"
	entry := func(gfid, attributes string) {
		write(index+gfid, "")
		write("brick/.glusterfs/"+gfid[:2]+"/"+gfid[2:4]+"/"+gfid+".attributes", attributes)
	}
	write(index+"xattrop-0e7ec545-cebc-44e3-932c-16ef7624d914", "")
	count := func(lost string) string {
		t.Helper()
		//nolint:gosec // the program's own script
		command := exec.CommandContext(t.Context(), "sh", "-c", string(blameScript), "sh", filepath.Join(root, "volume"), filepath.Join(root, "brick"), lost)
		command.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
		out, err := command.Output()
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(string(out))
	}
	expect := func(lost, want string) {
		t.Helper()
		if got := count(lost); got != want {
			t.Errorf("without %s: %s, want %s", lost, got, want)
		}
	}
	expect("10.0.0.12:/srv/b", "0")
	// The attribute is named by the volume file, which counts bricks that were replaced.
	entry("00000000-0000-0000-0000-000000000001", "trusted.afr.dirty=0x000000000000000000000001\ntrusted.afr.v-client-5=0x00000000000000000000000a\n")
	entry("18ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4", "trusted.afr.v-client-5=0x000000020000000100000000\ntrusted.afr.v-client-2=0x000000000000000000000000\n")
	expect("10.0.0.12:/srv/b", "0")
	expect("10.0.0.13:/srv/b", "2")
	entry("28ef3ab8-8b75-4ff1-bacb-3cb42cfabbd4", "trusted.afr.v-client-2=0x000000000000000100000000\ntrusted.afr.v-client-5=0x000000000000000100000000\n")
	expect("10.0.0.12:/srv/b", "1")
	expect("10.0.0.14:/srv/b", "exit status 1")
}
