package webtier

import (
	"path"
	"strings"
)

const (
	cronUnit   = "terraform-ha-web-cron.timer"
	updateUnit = "terraform-ha-web-update.timer"
)

// cronFiles are the units of WordPress's scheduled work.
func cronFiles() []string {
	return []string{systemUnits + cronUnit, systemUnits + strings.TrimSuffix(cronUnit, "timer") + "service"}
}

// updateFiles are those of the timer that updates WordPress where pages may not.
func updateFiles(s Spec) []string {
	return []string{systemUnits + updateUnit, systemUnits + strings.TrimSuffix(updateUnit, "timer") + "service", s.updater()}
}

// updater is the script that updates WordPress where pages may not.
func (s Spec) updater() string { return s.library() + "/update.php" }

// cronLock is the file that scheduled work locks, so that one node does it at a time.
// The site's own user can read it, which is enough for a lock.
func (s Spec) cronLock() string { return path.Join(s.state(), "cron.lock") }

// updatesApart reports whether updates are the work of a timer of their own: scheduled
// work runs as the user of the pages.
func (s Spec) updatesApart() bool { return s.readOnly() && s.WordPress.Updates != UpdatesNone }
