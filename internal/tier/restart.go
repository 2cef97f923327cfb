package tier

import (
	"fmt"
	"path"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// Restart is a restart of a cluster's daemons on the user's word, once for each value of
// a trigger. A machine records the value right before its restart, so that a process
// that is younger than the record has had it.
type Restart struct {
	Kind, Cluster string
	// Trigger is the value; empty for none.
	Trigger string
}

// File is the record on a machine.
func (r Restart) File() host.File {
	return host.File{Path: path.Join(host.MarkerDirectory, r.Kind+"-"+r.Cluster+".restart"), Content: []byte(r.Trigger + "\n"), Mode: "0644"}
}

// Unrecorded reports whether a machine has not recorded the value: one whose daemons do
// not run records it before they start.
func (r Restart) Unrecorded(files map[string]host.FileState) bool {
	file := r.File()
	return r.Trigger != "" && file.Difference(files[file.Path]) != ""
}

// Why is the reason to restart a daemon that started at a time; empty if there is none.
func (r Restart) Why(files map[string]host.FileState, started int64) string {
	if r.Unrecorded(files) || r.Trigger != "" && files[r.File().Path].Modified > started {
		return fmt.Sprintf("restart_trigger is %q, and it has not restarted for that", r.Trigger)
	}
	return ""
}
