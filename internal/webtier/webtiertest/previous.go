package webtiertest

import (
	"encoding/json"
	"errors"
	"maps"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (s *Server) previousConcern() {
	s.act("web-keep-previous", s.keepPrevious)
	s.Machine.Handle("web-put-files-back", func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		args := c.Args()
		if !s.Exists(args[0]) {
			return "none", 0, ""
		}
		if err := s.putFilesBack(args); err != nil {
			return "", 1, err.Error()
		}
		return "", 0, ""
	})
}

// keepPrevious keeps files, and null in the place of those that are not there.
func (s *Server) keepPrevious(args []string, _ []byte) error {
	kept := map[string]*hosttest.File{}
	if args[1] == "yes" && s.Exists(args[0]) {
		if err := json.Unmarshal([]byte(s.Machine.Files[args[0]].Content), &kept); err != nil {
			return err
		}
	}
	for _, name := range args[3:] {
		if _, known := kept[name]; known {
			continue
		}
		kept[name] = nil
		if file, found := s.Machine.Files[name]; found {
			kept[name] = &file
		}
	}
	content, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	s.Machine.WriteFile(args[0], string(content))
	return nil
}

func (s *Server) putFilesBack(args []string) error {
	if err := s.drain(args[1:3], nil); err != nil {
		return err
	}
	if s.KeepsNew {
		return errors.New("no space left on device")
	}
	kept := map[string]*hosttest.File{}
	if err := json.Unmarshal([]byte(s.Machine.Files[args[0]].Content), &kept); err != nil {
		return err
	}
	for name, file := range maps.All(kept) {
		if file == nil {
			s.Machine.RemoveAll(name)
		} else if s.Machine.Files[name].Content != file.Content {
			s.Machine.Files[name] = *file
		}
	}
	s.Machine.RemoveAll(args[3])
	return nil
}
