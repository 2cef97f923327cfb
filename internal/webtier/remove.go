package webtier

import (
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Remove returns the plan that takes the tier off the machines that answer: the
// servers are stopped, our configuration goes, the mount is taken away and the
// packages stay. The files of the site stay too, unless wipe says otherwise. Machines that
// were to leave the tier are machines like the others here.
func Remove(spec Spec, status Status, wipe bool) (Plan, error) {
	var plan Plan
	spec.Nodes, spec.Leaving = slices.Concat(spec.Nodes, spec.Leaving), nil
	var stop, first, clean []Lane
	wipe = wipe && !wiped(spec, status)
	wiping := wipingNode(spec, status)
	for _, node := range spec.Nodes {
		if !belongs(spec, status, node.Name) {
			continue
		}
		seen := status.Nodes[node.Name]
		stop = append(stop, Lane{step(node.Name, "stop serving", "", inOrder(drainAtOnce, stopServing(spec, seen)))})
		lane := Lane{}
		// On a shared directory one machine wipes for all.
		if wipe && (spec.Mount == nil || node.Name == wiping) {
			lane = append(lane, step(node.Name, "wipe the document root", "", wipeRoot(spec)))
		}
		lane = append(lane, step(node.Name, "remove the configuration", "", removeConfiguration(spec, node, seen, wipe)))
		if wipe && node.Name == wiping {
			first = append(first, lane)
		} else {
			clean = append(clean, lane)
		}
	}
	plan.Parallel("stop", stop...)
	if len(first) > 0 {
		// The others keep the mount busy for no longer than this takes.
		plan.Parallel("wipe", first...)
	}
	plan.Parallel("remove", clean...)
	return plan, nil
}

// wipingNode is the node that wipes a shared directory for all: the first on which it
// is mounted, because an apply that ended early may have left the others without it.
// Where none has it, the first one says so. It is empty for files of the nodes' own.
func wipingNode(spec Spec, status Status) string {
	if spec.Mount == nil {
		return ""
	}
	chosen := ""
	for _, node := range spec.Nodes {
		if !belongs(spec, status, node.Name) {
			continue
		}
		if status.Nodes[node.Name].Mount.Type != "" {
			return node.Name
		}
		chosen = cmp.Or(chosen, node.Name)
	}
	return chosen
}

// wipedNote is on machines between the wiping of a shared directory and the end of
// their removal: one that is left without the mount could not wipe again.
func (s Spec) wipedNote() string {
	return path.Join(host.MarkerDirectory, markerKind+"-"+s.Name+".wiped")
}

// wiped reports whether a removal that was interrupted has wiped the shared directory. A
// machine that was away since then may bring its note to another site, which others see.
func wiped(spec Spec, status Status) bool {
	noted := false
	for _, node := range spec.Nodes {
		if !belongs(spec, status, node.Name) {
			continue
		}
		seen := status.Nodes[node.Name]
		if seen.Mount.Answer == AnswerOK && seen.Mount.Sentinel.Site != "" {
			return false
		}
		noted = noted || seen.Files[spec.wipedNote()].Exists
	}
	return noted
}

// drainAtOnce has the unit that waits for visitors when it is stopped find a machine without
// any: the removal of a tier does not wait for them.
func drainAtOnce(ctx context.Context, h *host.Host) error {
	return run(ctx, h, "drain", shell.Script(drainScript, drainFile, drainMark))
}

func stopServing(s Spec, seen NodeStatus) action {
	units := append([]string{apacheUnit}, running(s)...)
	if s.php() && seen.PHP != "" {
		units = append(units, fpmUnit(seen.PHP))
	}
	return func(ctx context.Context, h *host.Host) error {
		if seen.Units[apacheUnit].Load == "masked" { // a node in maintenance
			if err := h.EnableUnit(ctx, apacheUnit); err != nil {
				return err
			}
		}
		return h.DisableUnit(ctx, units...)
	}
}

var removeConfigurationScript = shell.Embedded(scripts, "remove-configuration")

// removeConfiguration puts back what Debian's packages brought, so that the
// machine is as after their installation, with the servers off. Wiped says that the
// files of the site are gone by then.
func removeConfiguration(s Spec, node host.Node, seen NodeStatus, wiped bool) action {
	ours := slices.DeleteFunc(paths(files(s, node.Name, seen.Facts, seen.PHP)), func(path string) bool { return path == portsFile })
	ours = append(ours, s.rollingFile(), s.previousFile(), s.maintenanceFile(), s.restart().File().Path, drainFile, s.siteRecord())
	unit, local := "", s.state()
	if s.Mount != nil {
		unit, local = mountUnit(s.MountPoint), ""
	}
	return func(ctx context.Context, h *host.Host) error {
		if wiped && s.Mount != nil {
			if err := h.WriteFile(ctx, host.File{Path: s.wipedNote(), Mode: "0644"}); err != nil {
				return err
			}
		}
		if err := run(ctx, h, "remove the configuration", shell.Script(removeConfigurationScript, append([]string{unit, s.MountPoint, s.apacheName(), s.library(), seen.PHP, pendingDirectory, local}, ours...)...)); err != nil {
			return err
		}
		if s.php() {
			if err := setKernel(kernelDefaults)(ctx, h); err != nil {
				return err
			}
		}
		return h.RemoveFile(ctx, s.wipedNote(), s.marker().Path())
	}
}
