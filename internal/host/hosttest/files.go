package hosttest

import (
	"encoding/base64"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// File is a regular file on a machine.
type File struct {
	Content string
	// Mode is in octal with a leading zero; empty means 0644.
	Mode string
	// Owner and Group are names; empty means root.
	Owner string
	Group string
	// Modified is in seconds since 1970.
	Modified int64
}

// Directory is a directory on a machine.
type Directory struct {
	Mode  string
	Owner string
	Group string
}

// WriteFile puts a file on the machine as if somebody had done it there:
// 0644, root:root, now. Parents are made.
func (m *Machine) WriteFile(file, content string) {
	m.put(file, File{Content: content, Mode: "0644", Owner: "root", Group: "root"})
}

// put stores a file, and lets systemd see that a unit file changed.
func (m *Machine) put(name string, file File) {
	m.makeParents(name)
	file.Modified = m.tick()
	m.Files[name] = file
	m.unitFileChanged(name)
}

func (m *Machine) makeParents(name string) {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if _, found := m.Directories[dir]; !found {
			m.Directories[dir] = Directory{Mode: "0755", Owner: "root", Group: "root"}
		}
		if dir == "/" || dir == "." {
			return
		}
	}
}

// parentIsFile reports which part of the path above name is not a directory.
func (m *Machine) parentIsFile(name string) (string, bool) {
	for dir := path.Dir(name); dir != "/" && dir != "."; dir = path.Dir(dir) {
		if _, found := m.Files[dir]; found {
			return dir, true
		}
	}
	return "", false
}

// writeFiles does what is done with the files of [host.EncodeFiles].
func (m *Machine) writeFiles(c shell.Command) (string, int, string) {
	lines := strings.Split(strings.TrimSuffix(string(c.Stdin()), "\n"), "\n")
	reload := false
	for i := 0; i+1 < len(lines); i += 2 {
		words := strings.SplitN(lines[i], " ", 3)
		user, group, owned := strings.Cut(words[1], ":")
		content, err := base64.StdEncoding.DecodeString(lines[i+1])
		if err != nil || !owned {
			return fail("base64: invalid input")
		}
		mode, name := words[0], words[2]
		if file, found := m.Files[name]; found && file.Content == string(content) && file.Mode == mode && or(file.Owner, "root") == user && or(file.Group, "root") == group {
			continue
		}
		one := shell.Script(": write-file", name, mode, user, group).WithStdin(content)
		if out, status, said := m.writeFile(one); status != 0 {
			return out, status, said
		}
		reload = reload || strings.HasPrefix(name, "/etc/systemd/")
	}
	if reload {
		m.daemonReload()
	}
	return "", 0, ""
}

func (m *Machine) writeFile(c shell.Command) (string, int, string) {
	args := c.Args()
	name, mode, user, group := args[0], args[1], args[2], args[3]
	if said, ok := m.ownership(user, group); !ok {
		return fail("chown: %s", said)
	}
	octal, err := normalMode(mode)
	if err != nil {
		return fail("chmod: invalid mode: %s", mode)
	}
	if _, isDirectory := m.Directories[name]; isDirectory {
		return fail("mv: cannot overwrite directory '%s' with non-directory", name)
	}
	if file, found := m.parentIsFile(name); found {
		return fail("mkdir: cannot create directory '%s': Not a directory", file)
	}
	m.put(name, File{Content: string(c.Stdin()), Mode: octal, Owner: user, Group: group})
	return "", 0, ""
}

func (m *Machine) ownership(user, group string) (string, bool) {
	if !m.Users[user] {
		return "invalid user: '" + user + "'", false
	}
	if !m.Groups[group] && !m.Users[group] {
		return "invalid group: '" + group + "'", false
	}
	return "", true
}

// normalMode writes a mode the way [host.FileState] has it.
func normalMode(mode string) (string, error) {
	bits, err := strconv.ParseUint(mode, 8, 12)
	if err != nil {
		return "", err
	}
	if bits > 0o777 {
		return fmt.Sprintf("0%o", bits), nil
	}
	return fmt.Sprintf("%04o", bits), nil
}

func (m *Machine) readFile(c shell.Command) (string, int, string) {
	name := c.Args()[0]
	if file, found := m.Files[name]; found {
		return "x" + file.Content, 0, ""
	}
	if _, found := m.Directories[name]; found {
		return "x", 1, "cat: " + name + ": Is a directory"
	}
	return "", 0, ""
}

func (m *Machine) fileStates(c shell.Command) (string, int, string) {
	var b strings.Builder
	for _, name := range c.Args() {
		file, found := m.Files[name]
		if !found {
			continue
		}
		mode, err := normalMode(or(file.Mode, "0644"))
		if err != nil {
			m.t.Errorf("%s: %s has the mode %q", m.Name, name, file.Mode)
		}
		fmt.Fprintf(&b, "%s %s %s %d %s\n", mode, or(file.Owner, "root"), or(file.Group, "root"), file.Modified, name)
		fmt.Fprintf(&b, "%s  %s\n", host.Digest([]byte(file.Content)), name)
	}
	return b.String(), 0, ""
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// flags splits what starts with a dash from the operands.
func flags(args []string) (given, operands []string) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return given, append(operands, args[i+1:]...)
		case len(arg) > 1 && arg[0] == '-':
			given = append(given, arg)
		default:
			operands = append(operands, arg)
		}
	}
	return given, operands
}

func (m *Machine) rm(c shell.Command) (string, int, string) {
	given, names := flags(c.Args()[1:])
	letters := strings.Join(given, "")
	if strings.Trim(letters, "-frR") != "" {
		m.t.Errorf("%s: the simulated rm does not know %v", m.Name, given)
	}
	force, recursive := strings.Contains(letters, "f"), strings.ContainsAny(letters, "rR")
	for _, name := range names {
		name = path.Clean(name)
		_, isFile := m.Files[name]
		_, isDirectory := m.Directories[name]
		switch {
		case isDirectory && !recursive:
			return fail("rm: cannot remove '%s': Is a directory", name)
		case !isFile && !isDirectory && !force:
			return fail("rm: cannot remove '%s': No such file or directory", name)
		}
		m.RemoveAll(name)
	}
	return "", 0, ""
}

// touch knows "touch -c -m -d @SECONDS -- FILE".
func (m *Machine) touch(c shell.Command) (string, int, string) {
	args := c.Args()[1:]
	if len(args) != 6 || strings.Join(args[:3], " ") != "-c -m -d" || args[4] != "--" {
		m.t.Errorf("%s: the simulated touch does not know %s", m.Name, c)
		return fail("touch: not simulated")
	}
	at, err := strconv.ParseInt(strings.TrimPrefix(args[3], "@"), 10, 64)
	if err != nil || !strings.HasPrefix(args[3], "@") {
		return fail("touch: invalid date format '%s'", args[3])
	}
	if file, found := m.Files[args[5]]; found {
		file.Modified = at
		m.Files[args[5]] = file
	}
	return "", 0, ""
}

// RemoveAll takes a file, or a directory with all it holds, from the machine.
func (m *Machine) RemoveAll(name string) {
	below := strings.TrimSuffix(name, "/") + "/"
	for file := range m.Files {
		if file == name || strings.HasPrefix(file, below) {
			delete(m.Files, file)
			m.unitFileChanged(file)
		}
	}
	for directory := range m.Directories {
		if directory == name || strings.HasPrefix(directory, below) {
			delete(m.Directories, directory)
		}
	}
}

// install knows "install -d -m MODE -o OWNER -g GROUP -- DIRECTORY".
func (m *Machine) install(c shell.Command) (string, int, string) {
	made := Directory{Mode: "0755", Owner: "root", Group: "root"}
	args := c.Args()[1:]
	directories := false
	for len(args) > 0 && args[0] != "--" && strings.HasPrefix(args[0], "-") {
		value := ""
		if args[0] != "-d" {
			if len(args) < 2 {
				return fail("install: option requires an argument -- '%s'", args[0])
			}
			value = args[1]
		}
		switch args[0] {
		case "-d":
			directories = true
			args = args[1:]
			continue
		case "-m":
			made.Mode = value
		case "-o":
			made.Owner = value
		case "-g":
			made.Group = value
		default:
			m.t.Errorf("%s: the simulated install does not know %s", m.Name, args[0])
		}
		args = args[2:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if !directories {
		m.t.Errorf("%s: the simulated install only makes directories: %s", m.Name, c)
		return fail("install: not simulated")
	}
	if said, ok := m.ownership(made.Owner, made.Group); !ok {
		return fail("install: %s", said)
	}
	octal, err := normalMode(made.Mode)
	if err != nil {
		return fail("install: invalid mode '%s'", made.Mode)
	}
	made.Mode = octal
	for _, name := range args {
		name = path.Clean(name)
		if _, isFile := m.Files[name]; isFile {
			return fail("install: cannot create directory '%s': File exists", name)
		}
		if file, found := m.parentIsFile(name); found {
			return fail("install: cannot create directory '%s': Not a directory", file)
		}
		m.makeParents(name)
		m.Directories[name] = made
	}
	return "", 0, ""
}
