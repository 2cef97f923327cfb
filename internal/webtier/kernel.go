package webtier

import (
	"context"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// kernelFile sorts after /etc/sysctl.conf, which Debian reads as 99-sysctl.conf.
const kernelFile = "/etc/sysctl.d/99-terraform-ha-web.conf"

// keepalive is when the kernel asks whether the other side of a silent connection is
// still there, in seconds, how often it asks again, and how many questions may stay
// without an answer. A machine that has taken over an address answers the first one
// with a reset; where nobody answers, the connection ends after 13 seconds. Only
// connections whose program asked for it are watched: those of PHP's mysqlnd to the
// database, Apache's to its clients and sshd's among others. GlusterFS sets times of its own.
var keepalive = []setting{
	{"net.ipv4.tcp_keepalive_intvl", "2"},
	{"net.ipv4.tcp_keepalive_probes", "4"},
	{"net.ipv4.tcp_keepalive_time", "5"},
}

// kernelDefaults are the values that a kernel starts with (tcp(7)).
var kernelDefaults = []setting{
	{"net.ipv4.tcp_keepalive_intvl", "75"},
	{"net.ipv4.tcp_keepalive_probes", "9"},
	{"net.ipv4.tcp_keepalive_time", "7200"},
}

// kernelPath is where a setting of the kernel lies.
func kernelPath(name string) string { return "/proc/sys/" + strings.ReplaceAll(name, ".", "/") }

// kernelQuestion reads each value at once: a shell's "read" takes one byte after the
// other, and the kernel gives no more than the first one that way.
func kernelQuestion() shell.Part {
	var paths []string
	for _, wanted := range keepalive {
		paths = append(paths, kernelPath(wanted.Name))
	}
	return shell.Ask("kernel", `: web-kernel
grep -H . "$@"; :`, paths...)
}

func parseKernel(node *NodeStatus, lines []string) {
	node.Kernel = map[string]string{}
	for _, line := range lines {
		path, value, _ := strings.Cut(line, ":")
		node.Kernel[path] = value
	}
}

func kernelPart(seen NodeStatus, set fileSet) part {
	if len(set.kernel) == 0 {
		return part{}
	}
	changed, whys := differing(seen, set.kernel)
	for _, wanted := range keepalive {
		if now := seen.Kernel[kernelPath(wanted.Name)]; now != wanted.Value && len(changed) == 0 {
			whys = append(whys, fmt.Sprintf("%s is %s instead of %s", wanted.Name, or(now, "unknown"), wanted.Value))
		}
	}
	return part{title: "set the kernel's keepalive", whys: whys, do: func(ctx context.Context, h *host.Host) error {
		if err := writeFiles(changed...)(ctx, h); err != nil {
			return err
		}
		return setKernel(keepalive)(ctx, h)
	}}
}

func setKernel(values []setting) action {
	var args []string
	for _, one := range values {
		args = append(args, kernelPath(one.Name), one.Value)
	}
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "set the kernel's keepalive", shell.Script(`: web-set-kernel
while [ $# -gt 0 ]; do printf '%s\n' "$2" >"$1" || exit 1; shift 2; done`, args...))
	}
}
