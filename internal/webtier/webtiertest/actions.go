package webtiertest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// action does the work of a script; its error is what the script says and exits
// with 1.
type action func(args []string, stdin []byte) error

// act registers what the commands do that change something.
func (s *Server) act() {
	for label, run := range map[string]action{
		"web-restart-probe":        nothing,
		"web-remove-welcome":       nothing,
		"web-reset-failed":         nothing,
		"web-set-kernel":           s.setKernel,
		"web-mount-pending":        s.announceMount,
		"web-mount-volume":         s.mountVolume,
		"web-prove-mount":          s.proveMount,
		"web-prepare-root":         s.prepareRoot,
		"web-remember-site":        s.rememberSite,
		"web-look-at-volume":       s.lookAtVolume,
		"web-configure-php":        s.configurePHP,
		"web-configure-apache":     s.configureApache,
		"web-restart-servers":      s.restartServers,
		"web-drain":                s.drain,
		"web-undrain":              s.undrain,
		"web-wordpress-copy":       s.copyWordPress,
		"web-wordpress-update":     s.updateWordPress,
		"web-wordpress-restore":    s.restoreWordPress,
		"web-wordpress-config":     s.configureWordPress,
		"web-wordpress-install":    s.installWordPress,
		"web-divide-files":         s.divideFiles,
		"web-add-user":             s.addUser,
		"web-wipe-root":            s.wipeRoot,
		"web-remove-undeclared":    s.removeUndeclared,
		"web-remove-configuration": s.removeConfiguration,
	} {
		s.Machine.Handle(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
			if err := run(c.Args(), c.Stdin()); err != nil {
				return "", 1, err.Error()
			}
			return "", 0, ""
		})
	}
}

func nothing([]string, []byte) error { return nil }

func (s *Server) setKernel(args []string, _ []byte) error {
	for pair := range slices.Chunk(args, 2) {
		s.Kernel[pair[0]] = pair[1]
	}
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

func (s *Server) restartServers(args []string, _ []byte) error {
	if s.Serving() {
		return nil
	}
	s.Wedged = false
	return s.Machine.Start(args[2])
}

func (s *Server) prepareRoot(args []string, _ []byte) error {
	files, volume, expected := s.content(), args[3], args[4]
	if expected != "" && (!files.Root || files.Site != expected) {
		return errors.New("the sentinel is not that of this site")
	}
	if files.Site == "" {
		s.tier.sites++
		files.Site = fmt.Sprintf("site-%d", s.tier.sites)
	}
	if files.Volume == "" || expected == "" && volume != "-" {
		files.Volume = strings.TrimPrefix(volume, "-")
	}
	files.Root, files.Owner = true, args[6]+" www-data"
	files.Sessions = files.Sessions || args[5] != ""
	return nil
}

// rememberSite keeps what the sentinel says under the name of the record.
func (s *Server) rememberSite(args []string, _ []byte) error {
	if s.content().Site == "" {
		return errors.New("there is no sentinel")
	}
	s.Machine.WriteFile(args[1], s.content().Site+" "+or(s.content().Volume, "-"))
	return nil
}

func (s *Server) lookAtVolume(args []string, _ []byte) error {
	if found := s.tier.at(args[1]); found.Site != args[4] {
		return fmt.Errorf("%s on it is that of %s", args[3], found.Site)
	}
	return nil
}

// transaction returns the files of a script that configures a service, whose contents
// are lines of base64 on its standard input, and the arguments after their paths.
func transaction(args []string, stdin []byte) (files map[string]string, rest []string, err error) {
	count := 0
	_, _ = fmt.Sscan(args[2], &count)
	files, rest = map[string]string{}, args[3:]
	lines := strings.Split(string(stdin), "\n")
	for i := range count {
		content, err := base64.StdEncoding.DecodeString(lines[i])
		if err != nil {
			return nil, nil, err
		}
		files[rest[0]], rest = string(content), rest[1:]
	}
	return files, rest, nil
}

func (s *Server) configurePHP(args []string, stdin []byte) error {
	files, _, err := transaction(args, stdin)
	if err != nil {
		return err
	}
	for name, content := range files {
		s.Machine.WriteFile(name, content)
	}
	if s.Exists(poolPath) {
		s.Machine.WriteFile(poolOffPath, s.Machine.Files[poolPath].Content)
		s.Machine.RemoveAll(poolPath)
	}
	s.Machine.RemoveAll(pendingPath + "/php-fpm")
	return nil
}

func (s *Server) configureApache(args []string, stdin []byte) error {
	files, rest, err := transaction(args, stdin)
	if err != nil {
		return err
	}
	for name, content := range files {
		if s.Refuse != "" && strings.Contains(content, s.Refuse) {
			return fmt.Errorf("Apache refuses %s", name)
		}
	}
	for name, content := range files {
		s.Machine.WriteFile(name, content)
	}
	for module := range strings.FieldsSeq(rest[0]) {
		s.Enabled["mods-enabled/"+module+".load"] = true
	}
	s.Enabled["conf-enabled/"+rest[1]+".conf"], s.Enabled["sites-enabled/"+rest[1]+".conf"] = true, true
	delete(s.Enabled, defaultSite)
	s.Machine.RemoveAll(pendingPath + "/apache2")
	return nil
}

func (s *Server) drain(args []string, _ []byte) error {
	if !s.Exists(args[0]) {
		s.Machine.WriteFile(args[0], args[1]+"\n")
	}
	out := 0
	for _, other := range s.tier.Servers {
		if other.Exists(drainPath) && other.able() {
			out++
		}
	}
	s.tier.MostOut = max(s.tier.MostOut, out)
	return nil
}

func (s *Server) undrain(args []string, _ []byte) error {
	if strings.TrimSpace(s.Machine.Files[args[0]].Content) == args[1] {
		s.Machine.RemoveAll(args[0])
	}
	return nil
}

func (s *Server) updateWordPress(args []string, _ []byte) error {
	s.content().Source = args[4]
	return nil
}

func (s *Server) copyWordPress(args []string, _ []byte) error {
	files := s.content()
	files.Source = or(args[4], "package")
	files.Filled, files.Copying, files.Copied = true, false, true
	return nil
}

func (s *Server) restoreWordPress([]string, []byte) error {
	s.content().Missing = ""
	return nil
}

func (s *Server) configureWordPress(args []string, stdin []byte) error {
	files := s.content()
	files.rendered, files.config, files.access = args[3], host.Digest(stdin), "0640 root www-data"
	files.Loader = args[4]
	files.written, files.Unsalted, files.Copied = files.config, false, true
	_, files.password, _ = strings.Cut(string(stdin), "define('DB_PASSWORD', '")
	files.password, _, _ = strings.Cut(files.password, "');\n")
	return nil
}

func (s *Server) divideFiles(args []string, _ []byte) error {
	files := s.content()
	if args[4] == "" {
		files.Divided = "writable"
		return nil
	}
	if s.Accounts[args[2]] == "" {
		return fmt.Errorf("there is no user %s", args[2])
	}
	files.Divided, files.Open, files.Shut = "read_only "+args[3]+" "+args[4], "", ""
	return nil
}

func (s *Server) addUser(args []string, _ []byte) error {
	s.Accounts[args[0]] = args[1]
	return nil
}

func (s *Server) installWordPress([]string, []byte) error {
	files := s.content()
	if s.tier.Database.Says != "" {
		return errors.New("cannot reach the database")
	}
	if !s.tier.Database.Filled {
		files.Installs++
	}
	files.Installed, s.tier.Database.Filled = true, true
	return nil
}

func (s *Server) wipeRoot(args []string, _ []byte) error {
	if mountPoint := args[1]; mountPoint != "" && s.Mounted == "" {
		return fmt.Errorf("%s is not mounted", mountPoint)
	}
	*s.content() = Content{}
	return nil
}

func (s *Server) removeUndeclared(args []string, _ []byte) error {
	units := 0
	_, _ = fmt.Sscan(args[1], &units)
	for _, unit := range args[2 : 2+units] {
		if err := s.Machine.Stop(unit); err != nil {
			return err
		}
		s.Machine.Unit(unit).Enabled = false
	}
	for _, name := range args[2+units:] {
		s.Machine.RemoveAll(name)
	}
	if args[0] != "" {
		s.Machine.WriteFile(poolPath, s.Machine.Files[poolOffPath].Content)
		s.Machine.RemoveAll(poolOffPath)
	}
	return nil
}

func (s *Server) removeConfiguration(args []string, _ []byte) error {
	unit, ours, library, pending := args[0], args[2], args[3], args[5]
	if args[6] != "" {
		s.Local.Site = ""
	}
	if unit != "" {
		_ = s.Machine.Stop(unit)
		s.Mounted, s.Hung = "", false
	}
	delete(s.Enabled, "sites-enabled/"+ours)
	delete(s.Enabled, "conf-enabled/"+ours)
	if s.Exists(poolOffPath) {
		s.Machine.WriteFile(poolPath, s.Machine.Files[poolOffPath].Content)
		s.Machine.RemoveAll(poolOffPath)
	}
	for _, name := range append(args[7:], library, pending) {
		s.Machine.RemoveAll(name)
	}
	return nil
}
