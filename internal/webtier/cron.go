package webtier

import (
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// WordPress's scheduled work is a timer's on every node, and a lock lets one node do it
// at a time. Where pages may not write program files, another timer takes updates.
const (
	cronUnit   = "terraform-ha-web-cron.timer"
	updateUnit = "terraform-ha-web-update.timer"
)

// serviceOf returns the unit that a timer starts.
func serviceOf(timer string) string { return strings.TrimSuffix(timer, "timer") + "service" }

// cronPaths are where the units of scheduled work lie.
func cronPaths() []string { return []string{systemUnits + cronUnit, systemUnits + serviceOf(cronUnit)} }

// updatePaths are where the units and the script lie that update WordPress.
func updatePaths(s Spec) []string {
	return []string{systemUnits + updateUnit, systemUnits + serviceOf(updateUnit), s.updater()}
}

// updater is the script that updates WordPress where pages may not.
func (s Spec) updater() string { return s.library() + "/update.php" }

// cronLock is the file that scheduled work locks, so that one node does it at a time.
// The site's own user can read it, which is enough for a lock.
func (s Spec) cronLock() string { return path.Join(s.state(), "cron.lock") }

// updatesApart reports whether updates are the work of a timer of their own: scheduled
// work runs as the user of the pages.
func (s Spec) updatesApart() bool { return s.readOnly() && s.WordPress.Updates != UpdatesNone }

// timed is what the units of both timers are made from.
type timed struct {
	Spec
	Library, CronLock, ProgramUser string
	// MountUnitQuoted is empty for a site on the machines' own disks.
	MountUnitQuoted string
}

func timedBy(s Spec) timed {
	data := timed{Spec: s, Library: s.library(), CronLock: s.cronLock(), ProgramUser: programUser}
	if s.Mount != nil {
		data.MountUnitQuoted = mountUnit(s.MountPoint)
	}
	return data
}

func cronUnits(s Spec) []host.File {
	if s.WordPress == nil {
		return nil
	}
	return []host.File{
		rendered(systemUnits+serviceOf(cronUnit), "0644", "cron.service.tmpl", timedBy(s)),
		rendered(systemUnits+cronUnit, "0644", "cron.timer.tmpl", timedBy(s)),
	}
}

func updateUnits(s Spec) []host.File {
	if !s.updatesApart() {
		return nil
	}
	return []host.File{
		rendered(systemUnits+serviceOf(updateUnit), "0644", "update.service.tmpl", timedBy(s)),
		rendered(systemUnits+updateUnit, "0644", "update.timer.tmpl", timedBy(s)),
	}
}

func updatePrograms(s Spec) []host.File {
	if !s.updatesApart() {
		return nil
	}
	return []host.File{rendered(s.updater(), "0644", "update.php.tmpl", timedBy(s))}
}
