package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

const modulePath = "github.com/terraform-ha/terraform-provider-ha"

// findFolder returns the lab's folder: the given one, else .lab at the root of
// the repository that the working directory lies in.
func findFolder(path, name string) (region.Folder, error) {
	if path == "" {
		root, err := repository()
		if err != nil {
			return region.Folder{}, fmt.Errorf("cannot find the lab's folder: %w; name one with -state or LAB_STATE", err)
		}
		path = filepath.Join(root, ".lab")
	}
	return region.NewFolder(path, name)
}

// repository is the root of the checkout that the working directory lies in.
func repository() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		content, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		line, _, _ := strings.Cut(string(content), "\n")
		if err == nil && strings.TrimSpace(line) == "module "+modulePath {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errors.New("this is not in a checkout of terraform-provider-ha")
		}
	}
}
