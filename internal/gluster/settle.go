package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// leftAlone says why nothing is decided about a file that a decision names; empty if it is.
// Such a file does not keep the decision from the others.
func (d *draft) leftAlone(word Decision, file Contradiction) string {
	last := d.status.lastDecision()
	if last.Attempt == word.Attempt && slices.Contains(last.Settled, file.ID) {
		return fmt.Sprintf("attempt %d has decided about %s, which is in split brain again: that takes a decision of its own, with attempt = %d", last.Attempt, file.label(), last.Attempt+1)
	}
	for _, node := range d.holders(file) {
		if found, known := d.seen(node).Copies[file.ID]; known && found.Kind != copyFile {
			return fmt.Sprintf("%s is no regular file on %s, and no policy chooses among those: compare it on the bricks, repair the wrong one by hand as GlusterFS's documentation says (\"Resolving split-brain\"), "+
				"and take it out of files, with attempt = %d", file.label(), node.Name, word.Attempt+1)
		}
	}
	if last.Attempt == word.Attempt && last.Chosen[file.ID] != "" {
		return "" // what was begun is brought to its end
	}
	for _, node := range d.holders(file) {
		if _, known := d.seen(node).Copies[file.ID]; !known {
			return fmt.Sprintf("%s has no copy of %s that could be looked at, and GlusterFS decides only where every brick has one: apply again when the heal of its directory has made one, "+
				"or take it out of files, with attempt = %d", node.Name, file.label(), word.Attempt+1)
		}
	}
	return ""
}

// meant are the files in split brain that a decision names: those that it is acted on for,
// and those that are left alone. One that it names and that is not in split brain is healed,
// and nothing is to be decided about it.
func (d *draft) meant(word Decision) (files, left []Contradiction) {
	for _, file := range d.status.contradictions() {
		switch {
		case !word.means(file):
		case d.leftAlone(word, file) == "":
			files = append(files, file)
		default:
			left = append(left, file)
		}
	}
	return files, left
}

// begun are the files that a decision was acted on for and that are not listed as in split
// brain. A single look does not tell that they are healed.
func (d *draft) begun(word Decision) []Contradiction {
	last := d.status.lastDecision()
	var files []Contradiction
	for _, id := range slices.Sorted(maps.Keys(last.Chosen)) {
		if last.Attempt == word.Attempt && !slices.ContainsFunc(d.status.contradictions(), func(file Contradiction) bool { return file.ID == id }) {
			files = append(files, Contradiction{ID: id})
		}
	}
	return files
}

// recordSettled moves a file in a record from those that are chosen for to those that were
// decided about, and plans to write that down.
func (d *draft) recordSettled(record DecisionRecord, file Contradiction) DecisionRecord {
	record.Chosen = maps.Clone(record.Chosen)
	delete(record.Chosen, file.ID)
	record.Settled = append(slices.Clone(record.Settled), file.ID)
	slices.Sort(record.Settled)
	for _, node := range d.reached {
		d.stages.decide.InOrder(Step{Node: node.Name, Title: "record that " + file.label() + " is decided about", Do: writeFile(node.Name, record.file(d.spec.Name))})
	}
	return record
}

// refuseLeftAlone is about files that a decision names and that nothing is decided about,
// when everything else is done.
func (d *draft) refuseLeftAlone() *reconcile.RefusedError {
	word := d.decisionInForce()
	if word == nil {
		return nil
	}
	_, left := d.meant(*word)
	if len(left) == 0 {
		return nil
	}
	refused := &reconcile.RefusedError{
		What: "decide about files in split brain", Path: tier.At("split_brain"),
		Remedy: "Everything else that the decision names is done.",
	}
	for _, file := range left {
		refused.Evidence = append(refused.Evidence, d.leftAlone(*word, file))
	}
	refused.Evidence = append(refused.Evidence, d.copiesTable(left)...)
	return refused
}

// merge adds what another machine knows of the same attempt.
func (r DecisionRecord) merge(other DecisionRecord) DecisionRecord {
	r.Done = r.Done || other.Done
	r.Settled = append(slices.Clone(r.Settled), other.Settled...)
	slices.Sort(r.Settled)
	r.Settled = slices.Compact(r.Settled)
	chosen := maps.Clone(other.Chosen)
	if chosen == nil {
		chosen = map[string]string{}
	}
	maps.Copy(chosen, r.Chosen)
	for _, id := range r.Settled {
		delete(chosen, id)
	}
	r.Chosen = chosen
	return r
}

// listed returns the files that GlusterFS lists as in need of a heal, of which those in
// split brain are a part, and those in split brain. It fails where a brick did not answer.
func listed(ctx context.Context, client *host.Host, volume string) (all, split []Contradiction, err error) {
	for _, list := range []struct {
		words []string
		files *[]Contradiction
	}{{[]string{"info", "split-brain"}, &split}, {[]string{"info"}, &all}} {
		output, err := gluster(ctx, client, append([]string{"volume", "heal", volume}, list.words...)...)
		if err != nil {
			return nil, nil, err
		}
		if i := slices.IndexFunc(output.heal(), func(b BrickHeal) bool { return !b.Connected }); i >= 0 {
			return nil, nil, fmt.Errorf("cannot list the files in split brain on %s: brick %s cannot be reached", client.Name(), output.heal()[i].Name)
		}
		*list.files = output.contradictions()
	}
	return all, split, nil
}

// waitDecided waits until a file is in split brain no more, and healed.
func waitDecided(spec Spec, client string, file Contradiction, said string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return reconcile.WaitAtMost(ctx, decisionLimit, file.label()+" to be in split brain no more", pollInterval, func(ctx context.Context) (string, error) {
			done, err := decided(spec, client, file)(ctx, hosts)
			if done || err != nil {
				return "", err
			}
			return "it still is, or is being healed" + said, nil
		})
	}
}

// waitSettled waits until none of the files that a decision names is in need of a heal. A
// file that a self-heal has locked is for a moment not in the list of those in split brain,
// and nothing is decided about it. Where GlusterFS does not know the path of a file, it may
// be any that is named by path.
func waitSettled(spec Spec, client string, word Decision) act {
	byPath := slices.ContainsFunc(word.Files, func(file string) bool { return strings.HasPrefix(file, "/") })
	return func(ctx context.Context, hosts host.Hosts) error {
		return reconcile.WaitAtMost(ctx, decisionLimit, "the files that split_brain names to be healed", pollInterval, func(ctx context.Context) (string, error) {
			all, split, err := listed(ctx, hosts[client], spec.Name)
			if err != nil {
				return "", err
			}
			for _, file := range slices.Concat(split, all) {
				contradicts := slices.ContainsFunc(split, func(c Contradiction) bool { return c.ID == file.ID })
				switch {
				case word.means(file) && contradicts:
					return "", reconcile.Stop(fmt.Errorf("%s is in split brain, and it was not listed before: apply again to decide about it", file.label()))
				case word.means(file):
					return file.label() + " is still to be healed", nil
				case file.Path == "" && byPath && !contradicts:
					return file.label() + ", whose path is not known, is still to be healed", nil
				}
			}
			return "", nil
		})
	}
}
