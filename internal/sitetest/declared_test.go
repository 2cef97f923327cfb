package sitetest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// declared is what the parts of a test have declared so far: the variables and the nodes
// of each tier. It is kept beside the lab, so that a part which is run alone on a lab that
// stayed goes on from the site that is there, and not from the first one.
type declared struct {
	Variables map[string]string
	Tiers     map[tier]map[string]int
}

func (s *site) declaredFile() string { return filepath.Join(s.Folder.Path, "declared.json") }

func (s *site) saveDeclared(t *testing.T) {
	t.Helper()
	content, err := json.Marshal(declared{s.variables, s.tiers})
	must(t, err)
	must(t, os.WriteFile(s.declaredFile(), content, 0o600))
}

func (s *site) loadDeclared(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile(s.declaredFile())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	must(t, err)
	var kept declared
	must(t, json.Unmarshal(content, &kept))
	s.variables, s.tiers = kept.Variables, kept.Tiers
}
