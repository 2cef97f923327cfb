package tier

import (
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Holder is what a machine that may hold floating addresses says about them, in a
// file of plain lines beside its markers. It is there for other tiers, which ask a
// machine for the addresses that it has ([AskHeld]) and have it give them away
// ([Drain]).
type Holder struct {
	// Kind and Name are those of the cluster whose addresses they are.
	Kind, Name string
	// Addresses have the prefix lengths of their networks.
	Addresses []string
	// ReleaseSeconds is how long the machine may still have them once [DrainFile] is
	// there.
	ReleaseSeconds int
	// Check is the program that says with status 0 that the machine may have them; empty
	// where there is none.
	Check string
	// Database says that the addresses lead to the database of the machine that has them.
	Database bool
}

// File returns what the machine says as a file.
func (h Holder) File() host.File {
	var content strings.Builder
	fmt.Fprintf(&content, "# Managed by terraform-provider-ha (%s %s); changes are reverted.\n", h.Kind, h.Name)
	for _, address := range h.Addresses {
		fmt.Fprintf(&content, "address %s\n", address)
	}
	fmt.Fprintf(&content, "release-seconds %d\n", h.ReleaseSeconds)
	if h.Check != "" {
		fmt.Fprintf(&content, "check %s\n", h.Check)
	}
	if h.Database {
		content.WriteString("database\n")
	}
	return host.File{Path: h.Path(), Content: []byte(content.String()), Mode: "0644"}
}

// Path returns where the file lies.
func (h Holder) Path() string {
	return path.Join(host.MarkerDirectory, h.Kind+"-"+h.Name+".addresses")
}

var heldScript = shell.Embedded(scripts, "held")

// AskHeld returns the question which floating addresses a machine has, of all
// clusters that it is a part of. The answer has one in a line.
func AskHeld(name string) shell.Part {
	return shell.Ask(name, heldScript, host.MarkerDirectory)
}
