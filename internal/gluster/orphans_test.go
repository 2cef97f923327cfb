package gluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestOrphansAreEnded has three processes that look like self-heal daemons: the one that glusterd
// knows, one that it has lost track of, and one of another volume.
func TestOrphansAreEnded(t *testing.T) {
	root := t.TempDir()
	program := filepath.Join(root, "glusterfs")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nread -r line\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	start := func(volume string) *exec.Cmd {
		t.Helper()
		pidFile := root + "/shd/" + volume + "/" + volume + "-shd.pid"
		process := exec.CommandContext(t.Context(), program, "-s", "localhost", "--volfile-id", "shd/"+volume, "-p", pidFile, "-l", "log")
		if _, err := process.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		return process
	}
	orphan, known, other := start("content"), start("content"), start("shop")
	if err := os.MkdirAll(root+"/shd/content", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/shd/content/content-shd.pid", []byte(strconv.Itoa(known.Process.Pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	text := strings.ReplaceAll(string(endOrphansScript), "/var/run/gluster", root)
	for range 2 {
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", text, "sh", "content").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if err := <-ended; err == nil {
		t.Error("the one that glusterd does not know ended of itself")
	}
	for _, process := range []*exec.Cmd{known, other} {
		if _, err := os.Stat("/proc/" + strconv.Itoa(process.Process.Pid)); err != nil || process.ProcessState != nil {
			t.Errorf("process %d was ended as well", process.Process.Pid)
		}
		_ = process.Process.Kill()
		_ = process.Wait()
	}
}
