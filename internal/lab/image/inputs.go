package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed all:build
var inputs embed.FS

// hashOf returns a short name for the content of the given folders of the
// build inputs, and for what they are built upon.
func hashOf(upon string, folders ...string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "upon %s\n", upon)
	for _, folder := range folders {
		err := eachInput(folder, func(name string, content []byte) error {
			fmt.Fprintf(sum, "%s %d\n", name, len(content))
			sum.Write(content)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// archiveOf returns a folder of the build inputs as a tar stream that unpacks
// to /lab-build, together with files that only this build knows; these take the place of
// inputs with the same names.
func archiveOf(folder string, extra map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	add := func(name string, content []byte) error {
		header := &tar.Header{Name: "lab-build/" + name, Mode: 0o644, Size: int64(len(content))}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	}
	err := eachInput(folder, func(name string, content []byte) error {
		name = strings.TrimPrefix(name, folder+"/")
		if _, replaced := extra[name]; replaced {
			return nil
		}
		return add(name, content)
	})
	if err != nil {
		return nil, err
	}
	for name, content := range extra {
		if err := add(name, content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func eachInput(folder string, visit func(name string, content []byte) error) error {
	return fs.WalkDir(inputs, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := inputs.ReadFile(name)
		if err != nil {
			return err
		}
		return visit(name, content)
	})
}
