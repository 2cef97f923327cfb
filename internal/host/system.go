package host

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var systemScript = shell.Embedded(scripts, "system")

// System is how up to date the system of a machine is.
type System struct {
	// Asked says that the machine was asked; everything else is empty otherwise.
	Asked bool
	// Boot names the time since the machine was booted. Containers of one kernel have
	// different ones.
	Boot string
	// Stopping says that the machine is shutting down.
	Stopping bool
	// ListsAge is how old the lists of packages are, and NoLists says that there are none:
	// no update is known then.
	ListsAge time.Duration
	NoLists  bool
	// Updates are the packages that apt would replace with newer versions, held ones too.
	Updates []Update
	// Held are packages that somebody else than a cluster of ours holds, and Kept those
	// that apt would not replace, because another one would have to go or one that they need
	// is not in the archives.
	Held, Kept []string
	// Fault is why apt cannot say what is due; empty where it can.
	Fault string
	// Unfinished are packages whose installation broke off.
	Unfinished []string
	// Required has the packages that have asked for a reboot, in a file that a reboot
	// removes; RebootAsked says that there is one.
	Required    []string
	RebootAsked bool
	// Kernel is the kernel that runs and the one that is installed, where that is newer.
	Kernel, KernelInstalled string
	// Stale are the services, the mounts whose file system is a process ("srv-www.mount"),
	// and systemd, that run with files which an update has replaced.
	Stale []string
	// Markers are the clusters that the machine belongs to, as their markers are named.
	Markers []string
	// RebootedFor is why the machine was rebooted last, and RebootedFrom names the boot
	// that ended then. RebootedKernel is which kernel was to run after it, and which one
	// ran before, whatever the reboot was for.
	RebootedFor, RebootedFrom, RebootedKernel string
}

// Update is a newer version of a package.
type Update struct {
	Package, Version string
	// Security says that it comes from an archive for security.
	Security bool
}

// AskSystem asks for [System]; [ParseSystem] reads the answer. It takes a machine about
// half a second.
func AskSystem(name string) shell.Part {
	return shell.Ask(name, systemScript, MarkerDirectory)
}

// ParseSystem reads the answer to [AskSystem].
func ParseSystem(answer shell.Answer) System {
	seen := System{Asked: true}
	var now, lists int64
	for line := range strings.Lines(answer.Out) {
		key, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "now":
			now = number(rest)
		case "lists":
			seen.NoLists = rest == "none"
			lists = max(lists, number(rest))
		default:
			seen.read(key, rest)
		}
	}
	if lists > 0 && now > lists {
		seen.ListsAge = time.Duration(now-lists) * time.Second
	}
	for _, list := range []*[]string{&seen.Held, &seen.Kept, &seen.Unfinished, &seen.Required, &seen.Stale, &seen.Markers} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortFunc(seen.Updates, func(a, b Update) int { return strings.Compare(a.Package, b.Package) })
	return seen
}

func number(text string) (n int64) {
	// What is not a number stays 0: not known.
	_, _ = fmt.Sscan(text, &n)
	return n
}

func (s *System) read(key, rest string) {
	switch fields := strings.Fields(rest); {
	case key == "required":
		s.RebootAsked, s.Required = true, append(s.Required, fields...)
	case len(fields) == 0:
	case key == "boot":
		s.Boot = rest
	case key == "state":
		s.Stopping = rest == "stopping"
	case key == "update" && len(fields) == 3:
		s.Updates = append(s.Updates, Update{Package: fields[0], Version: fields[1], Security: fields[2] == "security"})
	case key == "fault":
		s.Fault = strings.TrimPrefix(rest, "E: ")
	case key == "held":
		s.Held = append(s.Held, rest)
	case key == "kept":
		s.Kept = append(s.Kept, rest)
	case key == "unfinished":
		s.Unfinished = append(s.Unfinished, rest)
	case key == "kernel" && len(fields) == 2:
		s.Kernel, s.KernelInstalled = fields[0], fields[1]
	case key == "stale":
		s.Stale = append(s.Stale, strings.TrimSuffix(rest, ".service"))
	case key == "marker":
		s.Markers = append(s.Markers, rest)
	case key == "rebooted" && s.RebootedFrom == "":
		s.RebootedFrom = rest
	case key == "rebooted" && s.RebootedFor == "":
		s.RebootedFor = rest
	case key == "rebooted":
		s.RebootedKernel = rest
	}
}

// WhyReboot says why the machine should be rebooted; empty if nothing asks for it.
func (s System) WhyReboot() string {
	var why []string
	if s.RebootAsked {
		asked := "an update"
		if len(s.Required) > 0 {
			asked = strings.Join(s.Required, ", ")
		}
		why = append(why, "a reboot was asked for by "+asked)
	}
	if kernel := s.whyKernel(); kernel != "" && !s.inVain() {
		why = append(why, kernel)
	}
	if len(s.Stale) > 0 {
		why = append(why, strings.Join(s.Stale, ", ")+" run with files that an update has replaced")
	}
	return strings.Join(why, "; ")
}

func (s System) whyKernel() string {
	if s.Kernel == "" {
		return ""
	}
	return fmt.Sprintf("kernel %s is installed and %s runs", s.KernelInstalled, s.Kernel)
}

// inVain reports whether the machine was rebooted with its kernel installed and does not run
// it: the boot loader chooses another one, and the next reboot would not change that. A
// reboot for another reason shows it as well, and the record of one says it again.
func (s System) inVain() bool {
	return s.RebootedFrom != s.Boot && s.RebootedKernel == s.whyKernel()
}

// RebootedInVain says that a reboot has not brought the kernel that it was for; empty where
// none was in vain.
func (s System) RebootedInVain() string {
	if s.Kernel == "" || !s.inVain() {
		return ""
	}
	return "a reboot has not changed that " + s.whyKernel()
}
