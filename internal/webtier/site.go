package webtier

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Identity says which site a directory holds. It is in the sentinel, and in a copy of
// that on every machine that has served the site: a machine so knows an emptied or
// another volume from its own.
type Identity struct {
	// Site is a random number that was drawn when the site's directory was made.
	Site string
	// Volume is the identity of the volume under it; empty where none is known.
	Volume string
}

func parseIdentity(words []string) Identity {
	known := func(word string) string { return strings.TrimPrefix(word, "-") }
	return Identity{Site: known(words[0]), Volume: known(words[1])}
}

// siteRecord is the machine's copy of the sentinel, made when it served the site.
func (s Spec) siteRecord() string {
	return path.Join(host.MarkerDirectory, markerKind+"-"+s.Name+".site")
}

// ofTheState is who knows a site that no machine remembers.
const ofTheState = "the state of Terraform"

func readSite(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for _, line := range answers.Parts.Lines(sharedPart) {
		words := fields(line, 3)
		switch words[0] {
		case "known":
			seen.Known = parseIdentity(words[1:])
		case "sentinel":
			seen.Mount.Sentinel = parseIdentity(words[1:])
		}
	}
}

// knownSite returns what is known of the site that a node is to serve: what any
// machine knows that mounts the same volume, or the state where all machines were made
// anew, or this machine alone where each has files of its own.
func (d *draft) knownSite(node string) (known Identity, by string) {
	if d.spec.Mount == nil {
		return d.status.Nodes[node].Known, node
	}
	for _, m := range d.machines {
		if m.seen.Known.Site != "" {
			return m.seen.Known, m.node.Name
		}
	}
	for _, node := range d.leaving() {
		if known := d.status.Nodes[node.Name].Known; known.Site != "" {
			return known, node.Name
		}
	}
	if d.spec.Site != "" {
		return Identity{Site: d.spec.Site}, ofTheState
	}
	return Identity{}, ""
}

func refused(s Spec, node string, evidence []string, remedy string) error {
	return &reconcile.RefusedError{What: "work on the files of web tier " + s.Name, Node: node, Evidence: evidence, Remedy: remedy}
}

// refuseOtherSite refuses to go on where a site that was served is not in its place:
// whatever was made there anew would be an empty site that looks healthy.
func refuseOtherSite(d *draft) error {
	s := d.spec
	for _, m := range d.machines {
		node, seen := m.node.Name, m.seen
		known, by := d.knownSite(node)
		if known.Site == "" {
			continue
		}
		if s.Mount != nil && s.Site != "" && s.Site != known.Site {
			return refused(s, by, []string{
				fmt.Sprintf("%s knows the site as %s", ofTheState, s.Site), fmt.Sprintf("%s knows it as %s", by, known.Site),
			}, "They are different directories. Find the one that is the site's. "+beginAgain)
		}
		if seen.Known.Site != "" && seen.Known.Site != known.Site {
			return refused(s, node, []string{
				fmt.Sprintf("%s knows the site as %s", by, known.Site), fmt.Sprintf("%s knows it as %s", node, seen.Known.Site),
			}, "They have served different directories. Find the one that is the site's, and remove "+s.siteRecord()+" from the machines that served the other one.")
		}
		if s.Mount != nil {
			if evidence := s.otherVolume(known, seen); evidence != nil {
				return refused(s, node, evidence, "A site that is served cannot move to another volume: nodes would serve both, and what is written to one is not on the other. "+
					"Go back to the former mount; or destroy the tier with on_destroy = \"keep\", copy the files to the new volume with "+
					s.state()+", and create it again.")
			}
		}
		if evidence := s.missingSite(known, seen); evidence != nil {
			return refused(s, node, evidence, fmt.Sprintf("If files are lost, restore them, with %s. If this is the site's own directory and only that file is lost, %s. ",
				s.state(), s.sentinelAgain(known, by))+beginAgain)
		}
	}
	return nil
}

// beginAgain is how a user says that a site is to begin again. What is taken off the
// machines then are their records of it, and a new resource knows of none.
const beginAgain = "If the site itself is to begin again, with nothing, have the resource replaced: terraform apply -replace=<its address>."

// sentinelAgain says how a sentinel comes back that alone was lost.
func (s Spec) sentinelAgain(known Identity, by string) string {
	if by == ofTheState {
		return fmt.Sprintf("make it again, as root, with the lines \"terraform-ha web tier %s\" and \"site %s\"", s.Name, known.Site)
	}
	return fmt.Sprintf("copy %s of %s to it", s.siteRecord(), by)
}

// Established returns the number of the site that was seen on the volume; empty where
// none was, or where every machine has files of its own.
func (s Spec) Established(status Status) string {
	if s.Mount == nil {
		return ""
	}
	for _, node := range s.Nodes {
		if seen := status.Nodes[node.Name]; seen.Reachable() && seen.Mount.Answer == AnswerOK && seen.Mount.Sentinel.Site != "" {
			return seen.Mount.Sentinel.Site
		}
	}
	return ""
}

// otherVolume says why the wanted mount is another volume than the one that the site
// was served from. Only the identity is proof; without one the volume's name is what
// there is, and another server may be the same one's.
func (s Spec) otherVolume(known Identity, seen NodeStatus) []string {
	wanted := s.Mount.VolumeID
	if wanted != "" && known.Volume != "" {
		if wanted != known.Volume {
			return []string{"the site was served from the volume " + known.Volume, "mount is the volume " + wanted}
		}
		return nil
	}
	was, now := volumeName(seen.Detail["mount_source"]), volumeName(s.Mount.Source)
	if was != "" && was != now {
		return []string{"the site was served from the volume " + was, "mount is the volume " + now}
	}
	return nil
}

func volumeName(source string) string {
	_, volume, _ := strings.Cut(source, ":")
	return strings.TrimPrefix(volume, "/")
}

// missingSite says why what lies in the shared directory is not the known site.
func (s Spec) missingSite(known Identity, seen NodeStatus) []string {
	if s.Mount != nil && !s.Mount.matches(seen.Mount) {
		return nil // the right one is mounted first
	}
	found := seen.Mount.Sentinel
	switch {
	case seen.Mount.Answer == AnswerNew:
		return []string{"this tier has served its site", s.sentinel() + " is missing"}
	case seen.Mount.Answer != AnswerOK:
	case found.Site != known.Site:
		return []string{"this tier has served the site " + known.Site, fmt.Sprintf("%s is that of %s", s.sentinel(), cmp.Or(found.Site, "none"))}
	case s.Mount != nil && s.Mount.VolumeID != "" && found.Volume != "" && found.Volume != s.Mount.VolumeID:
		return []string{"mount is the volume " + s.Mount.VolumeID, s.sentinel() + " is that of the volume " + found.Volume}
	case !seen.Root.Exists:
		return []string{"this tier has served its site", s.DocumentRoot + " is missing"}
	}
	return nil
}

// planRecord has a machine that serves the site keep a copy of the sentinel.
func planRecord(d *draft, m *machine) {
	p := part{title: "remember the site", do: rememberSite(d.spec)}
	if m.seen.Serving() && m.seen.Mount.Answer == AnswerOK && m.seen.Known != m.seen.Mount.Sentinel {
		p.reasons = []string{"it serves the site and has no record of it"}
	}
	m.add(p)
}

var rememberSiteScript = shell.Embedded(scripts, "remember-site")

func rememberSite(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "remember the site", shell.Script(rememberSiteScript, s.sentinel(), s.siteRecord()))
	}
}
