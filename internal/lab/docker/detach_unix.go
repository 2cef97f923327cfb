//go:build unix

package docker

import (
	"os/exec"
	"syscall"
)

// detach keeps a daemon alive when the terminal of its starter goes away.
func detach(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
