package webtier

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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

// kernelFiles have the settings put into effect at boot.
func kernelFiles(s Spec) []host.File {
	if !s.php() {
		return nil
	}
	data := struct {
		Name   string
		Kernel []setting
	}{s.Name, keepalive}
	return []host.File{rendered(kernelFile, "0644", "sysctl.conf.tmpl", data)}
}

var kernelScript = shell.Embedded(scripts, "kernel")

// askKernel reads each value at once: a shell's "read" takes one byte after the other,
// and the kernel gives no more than the first one that way.
func askKernel(s Spec, _ string) tier.Questions {
	var values []string
	for _, wanted := range keepalive {
		values = append(values, kernelPath(wanted.Name))
	}
	return tier.Questions{Files: paths(kernelFiles(s)), Parts: []shell.Part{shell.Ask("kernel", kernelScript, values...)}}
}

func readKernel(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Kernel = map[string]string{}
	for _, line := range answers.Parts.Lines("kernel") {
		path, value, _ := strings.Cut(line, ":")
		seen.Kernel[path] = value
	}
}

func planKernel(d *draft, m *machine) {
	if !d.spec.php() {
		return
	}
	changed, reasons := differing(m.seen, kernelFiles(d.spec))
	for _, wanted := range keepalive {
		if now := m.seen.Kernel[kernelPath(wanted.Name)]; now != wanted.Value && len(changed) == 0 {
			reasons = append(reasons, fmt.Sprintf("%s is %s instead of %s", wanted.Name, cmp.Or(now, "unknown"), wanted.Value))
		}
	}
	m.add(part{title: "set the kernel's keepalive", reasons: reasons, do: inOrder(writeFiles(changed...), setKernel(keepalive))})
}

var setKernelScript = shell.Embedded(scripts, "set-kernel")

func setKernel(values []setting) action {
	var args []string
	for _, one := range values {
		args = append(args, kernelPath(one.Name), one.Value)
	}
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "set the kernel's keepalive", shell.Script(setKernelScript, args...))
	}
}
