package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRemoveStale(t *testing.T) {
	own, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Skip("this system has no /proc")
	}
	self := strings.TrimSpace(string(own))
	tests := map[string]struct {
		content, program string
		kept             bool
	}{
		"the engine runs":            {fmt.Sprint(os.Getpid()), self, true},
		"the number is another's":    {fmt.Sprint(os.Getpid()), "dockerd", false},
		"nobody has the number":      {"4194999", "dockerd", false},
		"the file holds no number":   {"", "dockerd", false},
		"the number has a line end":  {fmt.Sprintln(os.Getpid()), self, true},
		"the file is about a folder": {"self/..", "dockerd", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "docker.pid")
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := removeStale(file, test.program); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); (err == nil) != test.kept {
				t.Errorf("kept %t, want %t", err == nil, test.kept)
			}
		})
	}
	if err := removeStale(filepath.Join(t.TempDir(), "none"), "dockerd"); err != nil {
		t.Error(err)
	}
	if err := removeStale(t.TempDir(), "dockerd"); err == nil {
		t.Error("a folder was taken for no file")
	}
}
