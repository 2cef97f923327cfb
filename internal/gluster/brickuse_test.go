package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheUseOfABrick runs the script in a real shell, on a file system that stands for one that
// is mounted: what it has in use is that of the brick only if nothing else is on it.
func TestTheUseOfABrick(t *testing.T) {
	for name, test := range map[string]struct {
		folders []string
		brick   string
		fsRoot  string
		want    int64
	}{
		"the brick":                   {[]string{"content/brick/.glusterfs"}, "content/brick", "/", 12345},
		"the brick, as it is made":    {[]string{"content/brick/.glusterfs", "lost+found"}, "content/brick", "/", 12345},
		"the brick at its top":        {[]string{".glusterfs", "many"}, "", "/", 12345},
		"another brick":               {[]string{"content/brick", "shop/brick"}, "content/brick", "/", 0},
		"something beside":            {[]string{"content/brick", "content/backup"}, "content/brick", "/", 0},
		"a part of a file system":     {[]string{"content/brick"}, "content/brick", "/volumes/1", 0},
		"a brick that is not there":   {[]string{"content"}, "content/brick", "/", 0},
		"a directory that is not yet": {nil, "content/brick", "/", 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			mount, bin := filepath.Join(root, "srv"), filepath.Join(root, "bin")
			for _, folder := range append(test.folders, ".") {
				if err := os.MkdirAll(filepath.Join(mount, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for program, says := range map[string]string{
				"stat": "7 " + mount + "\n1 /", "findmnt": test.fsRoot, "df": "Used\n12345",
			} {
				if err := os.MkdirAll(bin, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\necho '"+says+"'\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.CommandContext(t.Context(), "sh", "-c", string(brickScript), "sh", "content", filepath.Join(mount, test.brick))
			command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
			out, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			var brick Brick
			if brick.read(string(out)); brick.Used != test.want || brick.MountPoint != mount || brick.OnRoot {
				t.Errorf("%+v is read from\n%s", brick, out)
			}
		})
	}
}
