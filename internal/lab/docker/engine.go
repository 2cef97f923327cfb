package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// startLimit bounds the wait for an engine that was just started: it loads its
// networks and, at its first start, makes its store.
const startLimit = 60 * time.Second

// Ensure makes sure that a Docker engine answers. As root it installs Debian's
// docker.io where no engine is installed and starts the engine where none
// runs: through systemd where that is the service manager, else by itself,
// detached, with its log in stateDir. It never changes a running engine, but
// installs what that needs to confine containers, see [needsProfileLoader].
// Otherwise it returns an error that says exactly what to do.
func (c CLI) Ensure(ctx context.Context, stateDir string, progress io.Writer) error {
	refusal := c.ping(ctx)
	host := os.Getenv("DOCKER_HOST")
	if refusal == nil {
		if host == "" && os.Geteuid() == 0 && needsProfileLoader(kernelAppArmor, programFolders()) {
			if err := aptInstall(ctx, progress, "apparmor"); err != nil {
				fmt.Fprintf(progress, "lab: the engine may refuse to start containers without AppArmor's tools: %v\n", err)
			}
		}
		return nil
	}
	if host != "" {
		return fmt.Errorf("cannot reach the Docker engine that DOCKER_HOST names, %s: %w", host, refusal)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("cannot reach a Docker engine: %w; install and start one (Debian: "+
			"sudo apt-get install docker.io) and let this user use it (sudo usermod -aG docker $USER)", refusal)
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		if err := installEngine(ctx, progress); err != nil {
			return err
		}
		if c.ping(ctx) == nil {
			return nil
		}
	}
	if err := startEngine(ctx, stateDir, progress); err != nil {
		return err
	}
	return c.waitEngine(ctx, stateDir)
}

func (c CLI) ping(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := c.Run(limited, "version", "--format", "{{.Server.Version}}")
	return err
}

func installEngine(ctx context.Context, progress io.Writer) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("cannot find a Docker engine: install dockerd and its client from your distribution")
	}
	return aptInstall(ctx, progress, "docker.io", "iptables", "apparmor")
}

// kernelAppArmor is a directory where the kernel confines with AppArmor and shows
// its policy.
const kernelAppArmor = "/sys/kernel/security/apparmor"

// programFolders are where an engine that was started as a service finds
// programs, whatever PATH says here.
func programFolders() []string { return []string{"/usr/sbin", "/sbin", "/usr/bin", "/bin"} }

// needsProfileLoader reports whether the engine cannot start a confined container
// for want of AppArmor's tools: docker.io only recommends them, and with a kernel
// that has AppArmor, as Debian's does, an engine older than 23 insists on loading
// a profile (Debian 12 has 20.10).
func needsProfileLoader(kernel string, programs []string) bool {
	if _, err := os.Stat(kernel); err != nil {
		return false
	}
	return !slices.ContainsFunc(programs, func(folder string) bool {
		_, err := os.Stat(filepath.Join(folder, "apparmor_parser"))
		return err == nil
	})
}

func aptInstall(ctx context.Context, progress io.Writer, packages ...string) error {
	names := strings.Join(packages, " ")
	fmt.Fprintln(progress, "lab: installing", names)
	// The package lists may be older than the archive; a failure shows below.
	_ = exec.CommandContext(ctx, "apt-get", "-q", "update").Run()
	command := exec.CommandContext(ctx, "apt-get", append([]string{"-q", "-y", "--no-install-recommends", "install"}, packages...)...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot install %[1]s (install by hand: apt-get install %[1]s): %[2]w: %[3]s", names, err, lastLines(string(out), 6))
	}
	return nil
}

func startEngine(ctx context.Context, stateDir string, progress io.Writer) error {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		fmt.Fprintln(progress, "lab: starting the Docker engine with systemctl")
		if out, err := exec.CommandContext(ctx, "systemctl", "start", "docker").CombinedOutput(); err != nil {
			return fmt.Errorf("cannot start the Docker engine: %w: %s", err, lastLines(string(out), 6))
		}
		return nil
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return fmt.Errorf("cannot keep the Docker engine's log: %w", err)
	}
	log, err := os.OpenFile(engineLog(stateDir), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot keep the Docker engine's log: %w", err)
	}
	defer log.Close()
	for file, program := range map[string]string{
		"/var/run/docker.pid":                       "dockerd",
		"/var/run/docker/containerd/containerd.pid": "containerd",
	} {
		if err := removeStale(file, program); err != nil {
			return err
		}
	}
	fmt.Fprintln(progress, "lab: starting the Docker engine, its log is", log.Name())
	// Not bound to ctx: the engine serves every lab of this computer and
	// outlives the process that needed it first.
	command := exec.CommandContext(context.WithoutCancel(ctx), "dockerd")
	command.Stdout, command.Stderr = log, log
	detach(command)
	if err := command.Start(); err != nil {
		return fmt.Errorf("cannot start the Docker engine: %w", err)
	}
	return command.Process.Release()
}

// removeStale removes the process number that an engine left behind when it was
// killed. The engine looks only whether that process lives, and by now the number
// may be somebody else's: it would take that one for itself and not start.
func removeStale(file, program string) error {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read what a killed engine may have left: %w", err)
	}
	name, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(content)), "comm"))
	if err == nil && strings.TrimSpace(string(name)) == program {
		return nil
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("cannot remove what a killed engine left: %w", err)
	}
	return nil
}

func engineLog(stateDir string) string { return filepath.Join(stateDir, "dockerd.log") }

func (c CLI) waitEngine(ctx context.Context, stateDir string) error {
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		last := c.ping(limited)
		if last == nil {
			return nil
		}
		select {
		case <-limited.Done():
			return fmt.Errorf("cannot reach the Docker engine that was started (see %s): %w", engineLog(stateDir), last)
		case <-tick.C:
		}
	}
}
