package webtier

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// previousFile is an archive of the files that a change replaces on a machine that
// served. It is there from before the first of them is replaced until the machine has
// passed its gate, with the files of then or with those of the archive.
func (s Spec) previousFile() string {
	return path.Join(host.MarkerDirectory, markerKind+"-"+s.Name+".previous")
}

// replaceable are the files by which a machine serves pages and is checked. What is
// mounted and which packages are installed cannot be put back with a file.
func (s Spec) replaceable(node, php string) []string {
	list := paths(slices.Concat(probePrograms(s, node), probeUnits(s), dropIn(s, apacheUnit), apacheFiles(s)))
	if php != "" {
		list = append(list, phpPaths(s, php).all()...)
	}
	return list
}

var keepPreviousScript = shell.Embedded(scripts, "keep-previous")

// keepPrevious keeps the files of before on a machine that served with them.
func keepPrevious(s Spec, node host.Node, php string, before *before) action {
	return func(ctx context.Context, h *host.Host) error {
		if !before.served {
			return nil
		}
		args := append([]string{s.previousFile(), yesNo(before.begun), php}, s.replaceable(node.Name, php)...)
		return run(ctx, h, "keep the previous configuration", shell.Script(keepPreviousScript, args...))
	}
}

// gateError says that a machine does not answer as it must after a change.
type gateError struct {
	node string
	// answer is what it answers.
	answer string
	// cause is nil where the answer says it all.
	cause error
}

// Error says what is to be done where nothing was put back.
func (e *gateError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	return fmt.Sprintf("cannot go on with %s: %s; correct what was changed and apply again", e.node, e.answer)
}

// Unwrap returns the cause.
func (e *gateError) Unwrap() error { return e.cause }

// asGate tells a machine whose health endpoint answers something else than 200 from one
// that could not be asked.
func asGate(node host.Node, err error) error {
	exit, answered := errors.AsType[*shell.ExitError](err)
	if !answered {
		return err
	}
	return &gateError{node: node.Name, answer: strings.TrimSpace(shell.Printable(string(exit.Stderr))), cause: err}
}

// putBackError says that a machine did not pass its gate, and what became of the
// configuration of before.
type putBackError struct {
	gate *gateError
	// state says where the files of before are, and err why the machine does not serve
	// with them; nil if it does.
	state string
	err   error
}

// Error gives the answer with the new configuration first.
func (e *putBackError) Error() string {
	begin := fmt.Sprintf("cannot go on with %s: with its new configuration %s", e.gate.node, e.gate.answer)
	if e.err == nil {
		return fmt.Sprintf("%s; %s, and it serves with it again; correct what was changed and apply again", begin, e.state)
	}
	return fmt.Sprintf("%s; %s, and it is out of service: %v", begin, e.state, e.err)
}

// Unwrap returns both causes.
func (e *putBackError) Unwrap() []error {
	causes := []error{e.gate}
	if e.err != nil {
		causes = append(causes, e.err)
	}
	return causes
}

var putFilesBackScript = shell.Embedded(scripts, "put-files-back")

// putBack puts back what was kept of the configuration of before, and the machine into
// service if it passes its gate with that. Where nothing was kept, there is no other
// configuration to try.
func putBack(ctx context.Context, s Spec, node host.Node, target Target, failed *gateError) error {
	result, err := target.Hosts[node.Name].Run(ctx, shell.Script(putFilesBackScript, s.previousFile(), drainFile, drainMark, pendingDirectory, probeUnit, okFile))
	switch {
	case err != nil:
		return &putBackError{gate: failed, state: "the previous one could not be put back wholly", err: err}
	case strings.TrimSpace(string(result.Stdout)) == "none":
		return failed
	}
	err = passGate(s, node, awaitProbe(s))(ctx, target)
	return &putBackError{gate: failed, state: "the previous one is back in place", err: err}
}
