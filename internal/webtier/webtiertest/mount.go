package webtiertest

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func (s *Server) mountConcern() {
	s.answer("web-mount", s.mount)
	s.act("web-mount-pending", s.announceMount)
	s.act("web-mount-volume", s.mountVolume)
	s.act("web-prove-mount", s.proveMount)
	s.act("web-look-at-volume", s.lookAtVolume)
	s.Machine.OnPowerCut(s.losesPower)
}

// losesPower takes the volume away where no boot mounts it.
func (s *Server) losesPower(m *hosttest.Machine) error {
	s.Hung = false
	for name, unit := range m.Units {
		if strings.HasSuffix(name, ".mount") && unit.Enabled {
			return nil
		}
	}
	s.Mounted = ""
	return nil
}

func (s *Server) announceMount(args []string, _ []byte) error {
	s.Machine.WriteFile(args[0]+"/mount", "")
	return nil
}

func (s *Server) mountVolume(args []string, _ []byte) error {
	unit, again, pending := args[0], args[3] == "yes", args[4]
	if again && s.Serving() {
		s.tier.CutOff = append(s.tier.CutOff, s.Machine.Name)
	}
	if again && s.Machine.Unit(unit).Running() {
		if err := s.Machine.Stop(unit); err != nil {
			return err
		}
	}
	_, what, _ := strings.Cut(s.Machine.Files["/etc/systemd/system/"+unit].Content, "What=")
	s.Mounted, _, _ = strings.Cut(what, "\n")
	if err := s.Machine.Start(unit); err != nil {
		return err
	}
	s.Machine.RemoveAll(pending + "/mount")
	return nil
}

func (s *Server) proveMount([]string, []byte) error {
	if s.Hung || s.Mounted == "" {
		return fmt.Errorf("did not answer")
	}
	return nil
}

func (s *Server) mount(args []string) string {
	out := ""
	if known := s.Machine.Files[args[3]].Content; known != "" {
		out = "known " + known + "\n"
	}
	if mountPoint := args[0]; mountPoint != "" {
		if s.Mounted == "" {
			return out + map[bool]string{true: "occupied\n"}[s.Occupied]
		}
		out += "mounted fuse.glusterfs " + s.Mounted + "\n"
		if s.Hung {
			return out + "answer hung\n"
		}
	}
	files := s.content()
	if files.Exposed != "" {
		return out + "exposed " + files.Exposed + "\n"
	}
	if files.Site == "" {
		out += "answer new\n"
	} else {
		out += "answer ok\nsentinel " + files.Site + " " + cmp.Or(files.Volume, "-") + "\n"
	}
	out += files.describe()
	if args[8] != "" && files.Root && files.config != "" {
		out += "wordpress database " + s.tier.Database.answer(files.password) + "\n"
	}
	return out
}

// mounts reports whether the machine is to mount the volume.
func (s *Server) mounts() bool {
	for name := range s.Machine.Files {
		if path.Dir(name) == "/etc/systemd/system" && strings.HasSuffix(name, ".mount") {
			return true
		}
	}
	return false
}

func (s *Server) lookAtVolume(args []string, _ []byte) error {
	if found := s.tier.at(args[1]); found.Site != args[4] {
		return fmt.Errorf("%s on it is that of %s", args[3], found.Site)
	}
	return nil
}
