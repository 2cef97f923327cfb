package hosttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Update is a newer version of a package.
type Update struct {
	Version  string
	Security bool
	// Units are restarted by its installation, or started where they were stopped, unless
	// they are masked, as Debian does it.
	Units []string
	// AsksReboot says that its installation asks for a reboot.
	AsksReboot bool
	// Stale are units that run with files which it replaces, until they are restarted.
	Stale []string
}

// System is how up to date the system of a machine is, and how it reboots.
type System struct {
	// Updates are the newer versions in the lists of packages that the machine has, and
	// Published those that it gets with the next refresh of them.
	Updates, Published map[string]Update
	// ListsAge is how old the lists are.
	ListsAge time.Duration
	// NoLists says that there are none, so that no update is known.
	NoLists bool
	// Offline makes the archives not answer.
	Offline bool
	// Unfinished are packages whose installation broke off.
	Unfinished []string
	// Kernel is what runs, and KernelInstalled what runs after the next boot.
	Kernel, KernelInstalled string
	// OldKernel says that the boot loader starts the kernel that runs again.
	OldKernel bool
	// Boots counts the boots of a machine that was told to reboot.
	Boots int
	// Away is how many commands it does not answer after it was told to reboot, and Lost
	// says that it does not come back.
	Away int
	Lost bool

	away int
	// carried are the leases of before the reboot.
	carried  map[string]string
	replaced map[string]int64
}

// tellReboot makes the machine shut down its units and boot.
func (m *Machine) tellReboot() {
	m.System.Boots++
	for _, name := range m.unitNames() {
		if m.Units[name].Running() {
			_ = m.Stop(name) // what fails to stop is killed
		}
	}
	m.System.carried = map[string]string{}
	for name, file := range m.Files {
		if strings.HasPrefix(name, leaseDirectory) {
			m.System.carried[name] = file.Content
		}
	}
	m.Reboot()
	if !m.System.OldKernel {
		m.System.Kernel = m.System.KernelInstalled
	}
	m.System.away = m.System.Away
	m.Down = m.Down || m.System.Lost
}

const rebootRequired = "/run/reboot-required"

func (m *Machine) bootName() string { return fmt.Sprintf("%s-%d", m.Ready.BootID, m.System.Boots) }

func (m *Machine) boot(shell.Command) (string, int, string) {
	return m.bootName() + "\nrunning\n", 0, ""
}

func (m *Machine) orderReboot(c shell.Command) (string, int, string) {
	boot, record := c.Args()[0], c.Args()[1]
	if boot == m.bootName() {
		m.WriteFile(record, strings.Join([]string{boot, c.Args()[2], c.Args()[3]}, "\n")+"\n")
		m.tellReboot()
	}
	return "", 0, ""
}

func (m *Machine) system(c shell.Command) (string, int, string) {
	var b strings.Builder
	now := int64(Epoch)
	lists := fmt.Sprint(now - int64(m.System.ListsAge.Seconds()) - 1)
	if m.System.NoLists {
		lists = "none"
	}
	fmt.Fprintf(&b, "boot %s\nstate running\nnow %d\nlists %s\n", m.bootName(), now, lists)
	for _, name := range m.due("all") {
		update, kind := m.System.Updates[name], "other"
		if update.Security {
			kind = "security"
		}
		fmt.Fprintf(&b, "update %s %s %s\n", name, update.Version, kind)
	}
	for _, name := range m.heldByOthers() {
		fmt.Fprintf(&b, "held %s\n", name)
	}
	for _, name := range m.System.Unfinished {
		fmt.Fprintf(&b, "unfinished %s\n", name)
	}
	if file, found := m.Files[rebootRequired]; found {
		fmt.Fprintf(&b, "required %s\n", file.Content)
	}
	if m.System.Kernel != m.System.KernelInstalled {
		fmt.Fprintf(&b, "kernel %s %s\n", m.System.Kernel, m.System.KernelInstalled)
	}
	for _, unit := range slices.Sorted(maps.Keys(m.System.replaced)) {
		if known := m.Unit(unit); known.Running() && known.Started < m.System.replaced[unit] {
			fmt.Fprintf(&b, "stale %s\n", unit)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(m.Files)) {
		name, found := strings.CutPrefix(file, c.Args()[0]+"/")
		if marker, isMarker := strings.CutSuffix(name, ".json"); found && isMarker {
			fmt.Fprintf(&b, "marker %s\n", marker)
		}
	}
	for line := range strings.Lines(m.Files[c.Args()[0]+"/reboot"].Content) {
		b.WriteString("rebooted " + line)
	}
	return b.String(), 0, ""
}

// due returns the packages that are to be replaced.
func (m *Machine) due(kind string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m.System.Updates)) {
		update := m.System.Updates[name]
		if installed := m.Packages[name]; installed != "" && installed != update.Version && m.priority(name, update.Version) > 0 &&
			(kind == "all" || kind == "security" && update.Security) {
			names = append(names, name)
		}
	}
	return append(names, m.dueOf(kind)...)
}

// dueOf returns the packages to be replaced of a kind that names some of them: all of the
// same sources.
func (m *Machine) dueOf(kind string) []string {
	list, found := strings.CutPrefix(kind, "of:")
	if !found {
		return nil
	}
	var sources, names []string
	for name := range strings.SplitSeq(list, ",") {
		sources = append(sources, or(m.Catalog[name].Source, name))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Packages)) {
		newest := m.candidate(name)
		if slices.Contains(sources, or(m.Catalog[name].Source, name)) && newest != "" && Newer(newest, m.Packages[name]) {
			names = append(names, name)
		}
	}
	return names
}

// heldByOthers returns the packages on hold that are in no record of a cluster.
func (m *Machine) heldByOthers() []string {
	ours := ""
	for name, file := range m.Files {
		if strings.HasSuffix(name, ".held") {
			ours += file.Content
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.Held)), func(name string) bool { return slices.Contains(strings.Fields(ours), name) })
}

func (m *Machine) fetchUpdates(c shell.Command) (string, int, string) {
	if m.System.Offline {
		return "", 1, "the lists of packages cannot be refreshed"
	}
	m.System.ListsAge, m.System.NoLists = 0, false
	if m.System.Updates == nil {
		m.System.Updates = map[string]Update{}
	}
	maps.Copy(m.System.Updates, m.System.Published)
	for name, update := range m.System.Published {
		if offered := m.Offered[name]; len(offered) > 0 && !slices.Contains(offered, update.Version) {
			m.Offered[name] = append(offered, update.Version)
		}
	}
	kind := c.Args()[0]
	if names := m.dueOf(kind); strings.HasPrefix(kind, "of:") && (len(names) == 0 || slices.Contains(m.heldByOthers(), names[0])) {
		return "", 1, "apt replaces nothing of " + kind
	}
	return "", 0, ""
}

func (m *Machine) installUpdates(c shell.Command) (string, int, string) {
	kind, hold := c.Args()[0], c.Args()[2:]
	held, masked := m.heldByOthers(), map[string]bool{}
	for _, unit := range hold {
		if known := m.Unit(unit); known != nil {
			masked[fullName(unit)] = true
		}
	}
	m.System.Unfinished = nil
	for _, name := range m.due(kind) {
		if slices.Contains(held, name) {
			continue
		}
		if said := m.replace(name, masked); said != "" {
			return "", 100, said
		}
	}
	return "", 0, ""
}

// replace installs the newer version of a package, and returns what went wrong.
func (m *Machine) replace(name string, masked map[string]bool) string {
	update, known := m.System.Updates[name]
	if !known {
		update.Units = m.Catalog[name].Units
	}
	if candidate := m.candidate(name); candidate != "" && (!known || len(m.Offered[name]) > 0) {
		update.Version = candidate
	}
	m.Packages[name] = update.Version
	if update.AsksReboot {
		m.WriteFile(rebootRequired, m.Files[rebootRequired].Content+" "+name)
	}
	for _, unit := range update.Stale {
		if m.System.replaced == nil {
			m.System.replaced = map[string]int64{}
		}
		m.System.replaced[fullName(unit)] = m.tick()
	}
	for _, unit := range update.Units {
		if masked[fullName(unit)] || m.Unit(unit) == nil || m.Unit(unit).Masked {
			continue
		}
		if err := m.restart(unit); err != nil {
			return err.Error()
		}
	}
	return ""
}
