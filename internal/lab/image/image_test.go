package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTargets(t *testing.T) {
	for name, test := range map[string]struct {
		targets string
		want    mirror
	}{
		"none": {"", mirror{}},
		"own mirrors": {"Debian|Debian|http://mirror.example/debian/\nDebian|Debian-Security|http://mirror.example/security/\n",
			mirror{debian: "http://mirror.example/debian", security: "http://mirror.example/security"}},
		"others' packages": {"Ubuntu|Ubuntu|http://archive.example/ubuntu/\nDebian|Debian Backports|http://b.example/debian/\n",
			mirror{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseTargets(test.targets), cmp.AllowUnexported(mirror{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseProxy(t *testing.T) {
	for answer, want := range map[string]string{
		"": "", "P='http://proxy.example:3128'\n": "http://proxy.example:3128", "P=''\n": "",
	} {
		if got := parseProxy(answer); got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func TestHashOf(t *testing.T) {
	hash := func(upon string, folders ...string) string {
		got, err := hashOf(upon, folders...)
		if err != nil || len(got) != 16 {
			t.Fatalf("%q, %v", got, err)
		}
		return got
	}
	first := hash("bookworm", "build/machine")
	if again := hash("bookworm", "build/machine"); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	for _, other := range []string{hash("other", "build/machine"), hash("bookworm", "build/balancer")} {
		if other == first {
			t.Error("different inputs have the same hash")
		}
	}
	if _, err := hashOf("bookworm", "build/none"); err == nil {
		t.Error("a folder that does not exist has a hash")
	}
}

func TestArchiveOf(t *testing.T) {
	archive, err := archiveOf("build/machine", map[string][]byte{"sources.list": []byte("deb x\n")})
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		contents[header.Name] = string(content)
	}
	if contents["lab-build/sources.list"] != "deb x\n" {
		t.Error("the extra file is missing")
	}
	for _, name := range []string{"install.sh", "archive.txt", "rootfs/usr/local/lib/lab/boot"} {
		if contents["lab-build/"+name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestSteps(t *testing.T) {
	var said []string
	log := &tail{}
	writer := &steps{say: func(format string, args ...any) { said = append(said, args[0].(string)) }, log: log}
	for _, part := range []string{"==> fir", "st\nnoise\n==", "> second\n==> never ended"} {
		if _, err := writer.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"first", "second"}, said); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(log.String(), "==> never ended") {
		t.Errorf("log %q", log)
	}
	_, _ = log.Write(bytes.Repeat([]byte("x"), 3*tailSize))
	if len(log.kept) != tailSize {
		t.Errorf("the log keeps %d bytes", len(log.kept))
	}
}
