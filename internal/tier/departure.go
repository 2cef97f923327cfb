package tier

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Departure is what a cluster leaves to be done on a machine once that machine can have
// no floating address any more: a program of root's that takes the machine out of the
// cluster. It is for a machine that is to leave and without which nobody would serve at a
// floating address. Who takes the last floating IP off the machine runs it ([Depart]).
type Departure struct {
	// Kind and Name are those of the cluster that the machine is to leave.
	Kind, Name string
}

const departureEnding = ".departure"

// Path returns where the program lies.
func (d Departure) Path() string {
	return path.Join(host.MarkerDirectory, d.Kind+"-"+d.Name+departureEnding)
}

// File returns the program as a file. It ends at the first command that fails, and is
// gone with the last one: whatever is repeated has to be safe to repeat. No command may
// have a secret.
func (d Departure) File(commands ...shell.Command) host.File {
	var content strings.Builder
	fmt.Fprintf(&content, "#!/bin/sh\n# Managed by terraform-provider-ha (%s %s); changes are reverted.\n", d.Kind, d.Name)
	content.WriteString("# Takes this machine out of the cluster, once no floating address can be on it.\nset -e\n")
	for _, command := range append(commands, shell.New("rm", "-f", "--", d.Path())) {
		content.WriteString(command.Line() + "\n")
	}
	return host.File{Path: d.Path(), Content: []byte(content.String()), Mode: "0700"}
}

var (
	candidateScript = shell.Embedded(scripts, "candidate")
	departScript    = shell.Embedded(scripts, "depart")
)

// AskCandidate returns the question which floating addresses a machine would take if
// nobody else did and its check passed. The answer has one in a line.
func AskCandidate(name string) shell.Part {
	return shell.Ask(name, candidateScript, host.MarkerDirectory)
}

// Depart runs what clusters have left to be done on a machine that can have no floating
// address any more, and waits for its end. The work goes on if the connection breaks.
func Depart(ctx context.Context, machine *host.Host) error {
	return machine.RunDetached(ctx, "take the machine out of its other clusters", shell.Script(departScript, host.MarkerDirectory))
}
