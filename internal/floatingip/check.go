package floatingip

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func checkPath(name string) string { return path.Join(programsPath, "check-"+name) }

// checkValues are what the check of a node is filled with.
type checkValues struct {
	Spec
	IP, NodeAddress, URL string
	// Limit is the time for what the check asks, in seconds.
	Limit int
	// Soon is the time within which a database answers, and Patience the time that one has
	// afterwards which gets no CPU time, in seconds.
	Soon, Patience string
}

// soon ends before Keepalived asks again, because it leaves out a check while the one before
// it runs. With the defaults a server that hangs is told after two seconds of silence, in
// which the other members of a cluster in a LAN have excluded it.
func (c Check) soon() float64 {
	return min(float64(c.IntervalSeconds)-0.1, max(0.9, float64(c.TimeoutSeconds)-0.2))
}

// patience ends before Keepalived gives up on the check, because only the check can say why.
func (c Check) patience() float64 { return max(0.1, float64(c.TimeoutSeconds)-0.2-c.soon()) }

// checkFiles is the program that says whether a node is fit; there is none for the
// kind none.
func checkFiles(s Spec, node host.Node) []host.File {
	if !s.checked(node.Name) {
		return nil
	}
	v := checkValues{
		Spec: s, IP: s.ip(), NodeAddress: node.Address,
		URL: shell.Quote(fmt.Sprintf("http://%s:%d%s", node.Address, s.Check.Port, s.Check.Path)),
		// What the check asks gives up before Keepalived gives up on the check,
		// because only the check can say why.
		Limit: max(1, s.Check.TimeoutSeconds-1),
		Soon:  fmt.Sprintf("%.1f", s.Check.soon()), Patience: fmt.Sprintf("%.1f", s.Check.patience()),
	}
	content := append(fill("check.sh.tmpl", v), fill("check-"+string(s.Check.Kind)+".sh.tmpl", v)...)
	return []host.File{{Path: checkPath(s.Name), Content: content, Mode: "0755"}}
}

var (
	checkScript       = shell.Embedded(scripts, "check")
	holderCheckScript = shell.Embedded(scripts, "check-unless-holder")
)

func askCheck(spec Spec, _ string) tier.Questions {
	return tier.Questions{
		Files: []string{checkPath(spec.Name)},
		Parts: []shell.Part{shell.Ask("check", checkScript, checkPath(spec.Name), fmt.Sprint(max(1, spec.Check.TimeoutSeconds)), scriptUser)},
	}
}

// askCheckUnlessHolder runs the check where the address is not: elsewhere its answer
// is not needed.
func askCheckUnlessHolder(spec Spec) shell.Part {
	return shell.Ask("check", holderCheckScript, spec.ip(), checkPath(spec.Name), fmt.Sprint(spec.Check.TimeoutSeconds), scriptUser)
}

func readCheck(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Check = parseCheck(answers.Parts["check"].Out)
}

func parseCheck(text string) CheckResult {
	status, output, _ := strings.Cut(text, "\n")
	code, err := strconv.Atoi(status)
	if err != nil {
		return CheckResult{}
	}
	output = strings.TrimSpace(output)
	if code == 124 && output == "" {
		output = "the check does not end in time"
	}
	return CheckResult{Ran: true, Passed: code == 0, Output: output}
}

// fit returns the machines that are to stay and whose check passes, but for one.
func (d *draft) fit(except string) []string {
	return d.status.names(d.isFit, append(names(d.spec.Leaving), except)...)
}

// isFit reports whether a machine may hold the address. Its Keepalived may still be FAULT:
// it sees what the check asks a few seconds later. Therefore [awaitTaker] comes before a
// step that takes the address from its holder.
func (d *draft) isFit(m Machine) bool {
	return m.Reachable() && m.Ours(d.spec.Name) && (m.Check.Passed || !m.Check.Ran && d.spec.Check.Kind == CheckNone)
}

// leftoverChecks removes the check of a floating IP that has none any more, once
// Keepalived does not run it.
func (d *draft) leftoverChecks() []Step {
	var steps []Step
	path := checkPath(d.spec.Name)
	for _, name := range d.status.names(func(m Machine) bool { return m.Files[path].Exists }) {
		if d.spec.checked(name) {
			continue
		}
		steps = append(steps, removeFileStep(name, path))
	}
	return steps
}

func removeFileStep(node, path string) Step {
	return step(node, "remove "+path, path+" is left over", func(ctx context.Context, h *host.Host) error {
		return h.RemoveFile(ctx, path)
	})
}
