//go:build unix

package region

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// lock takes a file's lock, which the kernel gives back when the process ends,
// however it ends. It returns false where another process has it.
func lock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func terminate(process *os.Process) error { return process.Signal(syscall.SIGTERM) }

// detach keeps a process alive when its starter's terminal goes away.
func detach(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
