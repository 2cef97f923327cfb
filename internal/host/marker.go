package host

import (
	"encoding/json"
	"path"
)

// MarkerDirectory holds one file for every cluster that a machine belongs to.
// Without it, a brick or data directory is somebody else's.
const MarkerDirectory = "/var/lib/terraform-ha"

// ProgramDirectory holds every program that tiers put on a machine and that root
// or a daemon of root's runs. Nobody but root may write any of the folders above
// it, which Keepalived's script security insists on. Older Debian systems give
// /usr/local to the group staff with mode 2775 (Debian Policy 9.1.2).
const ProgramDirectory = "/usr/lib/terraform-ha"

// Marker says that a machine belongs to a cluster of ours.
type Marker struct {
	// Kind is the tier: "gluster", "galera", "floating-ip", "web".
	Kind string `json:"kind"`
	// Name is the cluster's name.
	Name string `json:"name"`
	// Detail holds what the tier must remember on the machine itself, such as
	// the path of a brick that it made.
	Detail map[string]string `json:"detail,omitempty"`
}

// Path returns where the marker lies.
func (m Marker) Path() string {
	return path.Join(MarkerDirectory, m.Kind+"-"+m.Name+".json")
}

// File returns the marker as a file.
func (m Marker) File() File {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(err) // strings always marshal
	}
	return File{Path: m.Path(), Content: append(content, '\n'), Mode: "0644"}
}
