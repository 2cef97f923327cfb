package hosttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Package is a package that a machine can install.
type Package struct {
	// Version is what dpkg says; empty means 1.0-1.
	Version string
	// Units come with the package, enabled. As on Debian they start at once,
	// unless they are held while the package is installed.
	Units []string
	// Needs are packages of the catalog that are installed with it.
	Needs []string
	// OnInstall brings what else the package brings: files, users.
	OnInstall func(m *Machine)
	// Source is what it was built from; empty for its own name.
	Source string
}

// Offer puts packages without units or hooks into the catalog.
func (m *Machine) Offer(names ...string) {
	for _, name := range names {
		m.Catalog[name] = Package{}
	}
}

func (m *Machine) installPackages(c shell.Command) (string, int, string) {
	hold, names := strings.Fields(c.Args()[0]), c.Args()[1:]
	for _, name := range names {
		if said, ok := m.installable(name); !ok {
			return "", 100, said
		}
	}
	for i := range hold {
		hold[i] = fullName(hold[i])
	}
	var said []string
	for _, name := range names {
		said = append(said, m.installOne(name, hold)...)
	}
	if len(said) > 0 {
		return "", 100, strings.Join(said, "\n")
	}
	return "", 0, ""
}

func (m *Machine) installable(name string) (string, bool) {
	if m.Packages[name] != "" {
		return "", true
	}
	entry, found := m.Catalog[name]
	if !found {
		return "E: Unable to locate package " + name, false
	}
	if m.candidate(name) == "" {
		return fmt.Sprintf("E: Package '%s' has no installation candidate", name), false
	}
	for _, need := range entry.Needs {
		if said, ok := m.installable(need); !ok {
			return said, false
		}
	}
	return "", true
}

// installOne returns what units said that did not start.
func (m *Machine) installOne(name string, hold []string) (said []string) {
	if m.Packages[name] != "" {
		return nil
	}
	entry := m.Catalog[name]
	m.Packages[name] = m.candidate(name)
	for _, need := range entry.Needs {
		said = append(said, m.installOne(need, hold)...)
	}
	if entry.OnInstall != nil {
		entry.OnInstall(m)
	}
	for _, unit := range entry.Units {
		m.AddUnit(unit).Enabled = true
		if slices.Contains(hold, fullName(unit)) || m.Unit(unit).Masked {
			continue
		}
		if err := m.Start(unit); err != nil {
			said = append(said, err.Error())
		}
	}
	return said
}

func (m *Machine) packageVersions(c shell.Command) (string, int, string) {
	var b strings.Builder
	for _, name := range c.Args() {
		if version := m.Packages[name]; version != "" {
			want := "install"
			if m.Held[name] {
				want = "hold"
			}
			fmt.Fprintf(&b, "installed %s %s %s\n", name, version, want)
		}
	}
	return b.String(), 0, ""
}

// holdPackages holds what is asked for, and nothing that belongs to it.
func (m *Machine) holdPackages(c shell.Command) (string, int, string) {
	record, names := c.Args()[0], c.Args()[1:]
	content := m.Files[record].Content
	for _, name := range names {
		if m.Packages[name] != "" && !m.Held[name] {
			m.Held[name] = true
			content += name + "\n"
		}
	}
	m.WriteFile(record, content)
	return "", 0, ""
}

func (m *Machine) releasePackages(c shell.Command) (string, int, string) {
	for _, name := range strings.Fields(m.Files[c.Args()[0]].Content) {
		delete(m.Held, name)
	}
	m.RemoveAll(c.Args()[0])
	m.RemoveAll(c.Args()[1])
	return "", 0, ""
}

func (m *Machine) facts(shell.Command) (string, int, string) {
	var b strings.Builder
	f := m.Facts
	fmt.Fprintf(&b, "distribution %s\nversion %s\nmemory %d\n", f.Distribution, f.Version, f.MemoryMiB)
	if f.MemoryShared {
		b.WriteString("memory-of computer\n")
	}
	for _, address := range f.Addresses {
		fmt.Fprintf(&b, "address %s %s\n", address.Interface, address.CIDR)
	}
	return b.String(), 0, ""
}

func (m *Machine) readiness(shell.Command) (string, int, string) {
	var b strings.Builder
	if m.Ready.Stopping {
		b.WriteString("state stopping\n")
		m.Ready.Stopping = false // it has booted when it is asked again
	}
	fmt.Fprintf(&b, "boot %s\nclock %d\nfree %d %s\n", m.Ready.BootID, time.Now().Add(m.Ready.Ahead).Unix(), m.Ready.FreeMiB, m.Ready.FreeOn)
	for port, program := range m.Ready.Listeners {
		fmt.Fprintf(&b, "listener %d users:((%q,pid=1,fd=3))\n", port, program)
	}
	return b.String(), 0, ""
}

func (m *Machine) systemUser(c shell.Command) (string, int, string) {
	m.Users[c.Args()[0]] = true
	return "", 0, ""
}

// work is detached work: those who asked for it and how it ended.
type work struct {
	callers []string
	stdout  string
	status  int
	stderr  string
}

// detached runs the inner command at once. A caller that lost its connection
// and asks again gets the result and not a second run.
func (m *Machine) detached(c shell.Command) (string, int, string) {
	args := c.Args()
	unit, line, caller := args[0], args[1], ""
	if len(args) > 2 {
		caller = args[2]
	}
	if ended := m.work[unit]; ended != nil && caller != "" && slices.Contains(ended.callers, caller) {
		return ended.stdout, ended.status, ended.stderr
	}
	command, err := shell.ParseLine(line)
	if err != nil {
		m.t.Errorf("%s: %v", m.Name, err)
		return fail("%v", err)
	}
	ended := &work{callers: []string{caller}}
	ended.stdout, ended.status, ended.stderr = m.inner(command)
	m.work[unit] = ended
	return ended.stdout, ended.status, ended.stderr
}

// inner runs a command inside another one.
func (m *Machine) inner(command shell.Command) (string, int, string) {
	fault := m.nextInnerFault(command)
	if fault != nil && !fault.after {
		return fail(injected)
	}
	stdout, status, stderr := m.Call(command)
	if fault != nil {
		return fail(injected)
	}
	return stdout, status, stderr
}

// batch frames answers the way the shell does, which loses NUL bytes and
// newlines at the end.
func (m *Machine) batch(c shell.Command) (string, int, string) {
	var b strings.Builder
	for _, part := range c.Parts() {
		stdout, status, _ := m.inner(part.Command)
		stdout = strings.TrimRight(strings.ReplaceAll(stdout, "\x00", ""), "\n")
		fmt.Fprintf(&b, "%s %d %d\n%s\n", part.Name, status, len(stdout), stdout)
	}
	return b.String(), 0, ""
}

const leaseDirectory = "/run/terraform-ha/leases/"

func (m *Machine) takeLease(c shell.Command) (string, int, string) {
	name, owner := leaseDirectory+c.Args()[0], c.Args()[1]
	var term int64
	if _, err := fmt.Sscan(c.Args()[2], &term); err != nil {
		m.t.Errorf("%s: the simulated lease wants a number of seconds: %v", m.Name, err)
	}
	for lease, owner := range m.System.carried {
		m.WriteFile(lease, owner)
	}
	m.System.carried = nil
	held, found := m.Files[name]
	if found && held.Content != "" && held.Content != owner && m.Now()-held.Modified <= term {
		return held.Content, 75, ""
	}
	m.WriteFile(name, owner)
	return "", 0, ""
}

func (m *Machine) releaseLease(c shell.Command) (string, int, string) {
	name, owner := leaseDirectory+c.Args()[0], c.Args()[1]
	if m.System.carried[name] == owner {
		delete(m.System.carried, name)
	}
	if m.Files[name].Content == owner {
		delete(m.Files, name)
	}
	return "", 0, ""
}

// maintenance is the first line of a record.
func (m *Machine) maintenance(c shell.Command) (string, int, string) {
	line, _, _ := strings.Cut(m.Files[c.Args()[0]].Content, "\n")
	return line, 0, ""
}

// putBack ends maintenance on a machine whose floating addresses nobody simulates.
func (m *Machine) putBack(c shell.Command) (string, int, string) {
	m.RemoveAll(c.Args()[0])
	return "", 0, ""
}
