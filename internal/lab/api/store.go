package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// store keeps the state in one file, replaced atomically. The file holds
// certificates' keys and user data and is therefore private.
type store struct{ path string }

// load returns the saved state, or a new one where nothing was saved.
func (s store) load() (*state, error) {
	st := newState()
	if s.path == "" {
		return st, nil
	}
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the region's state: %w", err)
	}
	if err := json.Unmarshal(data, st); err != nil {
		return nil, fmt.Errorf("cannot parse the region's state in %s: %w", s.path, err)
	}
	return st, nil
}

// save writes the state beside its file and renames it into place.
func (s store) save(st *state) error {
	if s.path == "" {
		return nil
	}
	data, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("cannot encode the region's state: %w", err)
	}
	// CreateTemp makes the file 0600.
	f, err := os.CreateTemp(filepath.Dir(s.path), ".region-*")
	if err != nil {
		return fmt.Errorf("cannot write the region's state: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails harmlessly after the rename
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		return fmt.Errorf("cannot write the region's state: %w", err)
	}
	return nil
}
