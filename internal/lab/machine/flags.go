package machine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// engine is what decides how a container has to be started so that systemd can
// boot in it.
type engine struct {
	// cgroups is the version of the control groups that the engine uses.
	cgroups string
	// missing are capabilities that the engine cannot give, by their names
	// without CAP_: it fails to start a container that asks for one.
	missing []string
}

// capabilityNames are the Linux capabilities by number, as in capability.h.
var capabilityNames = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
}

// hostCapabilities are not for a machine: kernel modules and the clock are the
// host's, and a time service in a machine would set it.
var hostCapabilities = []string{"SYS_MODULE", "SYS_TIME"}

func (r *Region) readEngine(ctx context.Context) (engine, error) {
	version, err := r.docker.Run(ctx, "info", "--format", "{{.CgroupVersion}}")
	if err != nil {
		return engine{}, fmt.Errorf("cannot read the engine's control groups: %w", err)
	}
	if os.Geteuid() != 0 {
		// The engine runs as root elsewhere, where this process's limits say
		// nothing about it.
		return engine{cgroups: version}, nil
	}
	// Where the file is not, nothing is known to be missing.
	status, _ := os.ReadFile("/proc/self/status")
	missing, err := missingCapabilities(status)
	return engine{cgroups: version, missing: missing}, err
}

// missingCapabilities reads the bounding set in the text of /proc/self/status.
// An engine in the same environment has no more than that, however much of
// root it is.
func missingCapabilities(status []byte) ([]string, error) {
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		value, found := strings.CutPrefix(lines.Text(), "CapBnd:")
		if !found {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("cannot read the capability bounding set: %w", err)
		}
		var missing []string
		for number, name := range capabilityNames {
			if set&(1<<number) == 0 {
				missing = append(missing, name)
			}
		}
		return missing, nil
	}
	return nil, nil
}

// bootFlags are the arguments of "docker create" with which systemd boots.
// "--privileged" is never among them: it fails where a capability is missing,
// and would hand the host's devices to the machines.
func (e engine) bootFlags() []string {
	flags := []string{"--cap-add=ALL"}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(e.missing), hostCapabilities...)))) {
		flags = append(flags, "--cap-drop="+name)
	}
	flags = append(flags,
		"--security-opt", "seccomp=unconfined",
		"--security-opt", "apparmor=unconfined",
		"--device", "/dev/fuse",
		"--tmpfs", "/run", "--tmpfs", "/run/lock",
		// A machine that reboots or halts by itself ends its first process with
		// a failure; the lab starts it again, as Linode's watchdog does. Not
		// with the host, where nobody may want the lab any more.
		"--restart", "on-failure",
		"--stop-signal", "SIGRTMIN+3",
	)
	if e.cgroups == "2" {
		// The image's first process makes its own tree writable.
		return append(flags, "--cgroupns=private")
	}
	// Read-only for the mount points; the hierarchies mounted there stay
	// writable, which is what systemd needs.
	return append(flags, "-v", "/sys/fs/cgroup:/sys/fs/cgroup:ro")
}

// diskFlags let a machine mount file systems of its own size.
func diskFlags(disks []Disk, volume string) []string {
	if len(disks) == 0 {
		return nil
	}
	return []string{
		"-v", volume + ":/var/lib/lab/disks",
		"--device", "/dev/loop-control",
		"--device-cgroup-rule", "b 7:* rmw",
	}
}
