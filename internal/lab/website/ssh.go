package website

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// SSHMachines are the machines of a real site, whose nodes are named as ssh takes them.
// The program ssh reaches them, with the configuration, keys and bastions of its user. It
// implements [Machines].
type SSHMachines struct {
	// Sudo says that commands are run by "sudo -n", for users other than root.
	Sudo bool
	// Program is the program to run; empty means ssh.
	Program string
}

// Exec implements [Machines].
func (m SSHMachines) Exec(ctx context.Context, node string, argv []string, stdin io.Reader, stdout io.Writer) error {
	line := shell.Join(argv...)
	if m.Sudo {
		line = "sudo -n " + line
	}
	program := m.Program
	if program == "" {
		program = "ssh"
	}
	var stderr strings.Builder
	command := exec.CommandContext(ctx, program, "-o", "BatchMode=yes", "-o", "ConnectTimeout=10",
		"-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3", "--", node, line)
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, &stderr
	// A reader that never ends must not outlive the client.
	command.WaitDelay = 5 * time.Second
	if err := command.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return nil
}
