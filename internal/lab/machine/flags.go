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

// machineCapabilities are what systemd, the daemons of the tiers and the lab's
// faults need. SYS_ADMIN is among them, for mounts and for GlusterFS's trusted
// attributes, and makes root of a machine nearly root of the host.
var machineCapabilities = []string{
	"AUDIT_CONTROL", "AUDIT_WRITE", // sessions of sshd
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "SETFCAP", // files as packages want them
	"IPC_LOCK",                                          // MariaDB's unit asks for it
	"KILL", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", // services under users of their own
	"LINUX_IMMUTABLE",                          // mount points that nothing is written below
	"MKNOD",                                    // loop devices for disks of a size and volumes
	"NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", // addresses, packet filters, VRRP
	"SYS_ADMIN",  // mounts
	"SYS_BOOT",   // a reboot from inside tells the engine what it is
	"SYS_NICE",   // Keepalived's priority
	"SYS_PTRACE", // who listens on a port
}

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
// and would hand the host's devices to the machines. The engine's filter of
// system calls stays; AppArmor's profile for containers forbids every mount.
func (e engine) bootFlags() []string {
	flags := []string{"--cap-drop=ALL"}
	for _, name := range machineCapabilities {
		if !slices.Contains(e.missing, name) {
			flags = append(flags, "--cap-add="+name)
		}
	}
	flags = append(flags,
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

// memoryFlags limit a machine's memory. It has no swap beside it, which Linode's
// images have, because the host's is not its own. An engine on a kernel without the
// controller warns and goes on.
func memoryFlags(mebibytes int) []string {
	if mebibytes == 0 {
		return nil
	}
	limit := strconv.Itoa(mebibytes) + "m"
	return []string{"--memory", limit, "--memory-swap", limit}
}

// diskFlags let a machine mount file systems of its own size.
func diskFlags(disks []Disk, volume string) []string {
	if len(disks) == 0 {
		return nil
	}
	return []string{
		"-v", volume + ":/var/lib/lab/disks",
		"--device", "/dev/loop-control",
		"--device-cgroup-rule", loopDevices,
	}
}
