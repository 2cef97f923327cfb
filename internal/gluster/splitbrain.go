package gluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	decisionScript   = shell.Embedded(scripts, "decision")
	keepCopyScript   = shell.Embedded(scripts, "keep-copy")
	chooseCopyScript = shell.Embedded(scripts, "choose-copy")
)

// Policies by which one of several copies counts.
const (
	PolicyLatest  = "latest-mtime"
	PolicyBiggest = "bigger-file"
	PolicySource  = "source-brick"
)

// Decision is the word of a user on files in split brain: which copy counts. It acts
// once for each number of its attempt.
type Decision struct {
	Policy string
	// Source is the node whose copy counts with [PolicySource].
	Source string
	// Files are paths, or identities, as "heal info split-brain" lists them.
	Files []string
	// Attempt counts the decisions. One that is not higher than the last that was used
	// does nothing.
	Attempt int64
}

// String is the decision as it is written into a configuration.
func (w Decision) String() string {
	words := []string{fmt.Sprintf("policy = %q", w.Policy)}
	if w.Source != "" {
		words = append(words, fmt.Sprintf("source_node = %q", w.Source))
	}
	quoted := make([]string, 0, len(w.Files))
	for _, file := range slices.Sorted(slices.Values(w.Files)) {
		quoted = append(quoted, strconv.Quote(file))
	}
	words = append(words, "files = ["+strings.Join(quoted, ", ")+"]", fmt.Sprintf("attempt = %d", w.Attempt))
	return "split_brain = { " + strings.Join(words, ", ") + " }"
}

// means reports whether the decision is about a file.
func (w Decision) means(file Contradiction) bool { return slices.ContainsFunc(w.Files, file.isMeant) }

func (s Spec) validateDecision(found *tier.Problems) {
	word := s.Decision
	if word == nil {
		return
	}
	at := func(name string) []string { return tier.At("split_brain", name) }
	if s.dispersed() {
		found.Add(tier.At("split_brain"), "a dispersed volume has fragments and no copies, so there is nothing to choose from")
	}
	switch {
	case word.Policy == PolicySource && word.Source == "":
		found.Add(at("source_node"), "the policy %s needs the node whose copy counts", PolicySource)
	case word.Policy != PolicySource && word.Source != "":
		found.Add(at("source_node"), "the policy %s chooses the copy by itself; source_node is for %s", word.Policy, PolicySource)
	case word.Source != "" && s.Nodes != nil && !slices.Contains(names(s.Nodes), word.Source):
		found.Add(at("source_node"), "%q is not a key of nodes", word.Source)
	}
	if word.Files != nil && len(word.Files) == 0 {
		found.Add(at("files"), "a decision is about files that it names, and this one names none")
	}
	for _, file := range word.Files {
		anyID := Contradiction{ID: strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(file, "<"), ">"), "gfid:")}
		if strings.ContainsFunc(file, unicode.IsControl) || !strings.HasPrefix(file, "/") && !gfid.MatchString(anyID.ID) {
			found.Add(at("files"), "%q is neither a path from the root of the volume, such as /images/a.jpg, nor an identity, such as gfid:0d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f", file)
		}
	}
	if word.Attempt < 1 {
		found.Add(at("attempt"), "attempts are counted from 1; there is no attempt %d", word.Attempt)
	}
}

// DecisionRecord is what a machine remembers of the last decision. It says what was
// chosen before anything is overwritten: a copy that is half overwritten is the latest of
// all, and may be the biggest.
type DecisionRecord struct {
	Attempt        int64
	Policy, Source string
	Files          []string
	// Chosen has the brick whose copy counts, by the identity of the file.
	Chosen map[string]string
	// Settled are the identities of files that were decided about. One that is in split brain
	// again has other contents, and takes another decision.
	Settled []string
	// Done says that none of the files is in split brain any more.
	Done bool
}

// record is the record of a decision.
func (w Decision) record(chosen map[string]string, settled []string, done bool) DecisionRecord {
	return DecisionRecord{Attempt: w.Attempt, Policy: w.Policy, Source: w.Source, Files: slices.Compact(slices.Sorted(slices.Values(w.Files))), Chosen: chosen, Settled: settled, Done: done}
}

// says reports whether the record is of a decision.
func (r DecisionRecord) says(word Decision) bool {
	other := word.record(nil, nil, false)
	return r.Policy == other.Policy && r.Source == other.Source && slices.Equal(r.Files, other.Files)
}

func decisionPath(volume string) string {
	return path.Join(host.MarkerDirectory, markerKind+"-"+volume+".split-brain")
}

func (r DecisionRecord) file(volume string) host.File {
	lines := []string{fmt.Sprintf("attempt %d", r.Attempt), "policy " + r.Policy}
	if r.Source != "" {
		lines = append(lines, "source "+r.Source)
	}
	for _, file := range r.Files {
		lines = append(lines, "file "+file)
	}
	for _, id := range slices.Sorted(maps.Keys(r.Chosen)) {
		lines = append(lines, "chosen "+id+" "+r.Chosen[id])
	}
	for _, id := range r.Settled {
		lines = append(lines, "settled "+id)
	}
	if r.Done {
		lines = append(lines, "done yes")
	}
	return host.File{Path: decisionPath(volume), Content: []byte(strings.Join(lines, "\n") + "\n"), Mode: "0644"}
}

// keptBeside is the directory in which copies of a brick are kept that lost. It is on the
// file system of the brick, which has room for them.
func keptBeside(brick string) string { return brick + ".split-brain" }

func askDecision(spec inquiry, node string) tier.Questions {
	at := decisionPath(spec.Name)
	return tier.Questions{Files: []string{at}, Parts: []shell.Part{shell.Ask("decision", decisionScript, at, keptBeside(spec.pathOf(node)))}}
}

func readDecision(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	for line := range strings.Lines(answers.Parts["decision"].Out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch record := &seen.Decision; key {
		case "attempt":
			record.Attempt, _ = strconv.ParseInt(value, 10, 64)
		case "policy":
			record.Policy = value
		case "source":
			record.Source = value
		case "file":
			record.Files = append(record.Files, value)
		case "chosen":
			if record.Chosen == nil {
				record.Chosen = map[string]string{}
			}
			id, brick, _ := strings.Cut(value, " ")
			record.Chosen[id] = brick
		case "settled":
			record.Settled = append(record.Settled, value)
		case "done":
			record.Done = true
		case "kept":
			seen.Kept = append(seen.Kept, value)
		}
	}
}

// lastDecision is the record of the latest decision that any machine knows. It is done
// where one of them knows that.
func (s Status) lastDecision() DecisionRecord {
	var last DecisionRecord
	for _, name := range s.Names() {
		node := s.Nodes[name]
		if node.Err != nil {
			continue
		}
		switch known := node.Decision; cmp.Compare(known.Attempt, last.Attempt) {
		case 1:
			last = known
		case 0:
			last = last.merge(known)
		}
	}
	return last
}

// decisionInForce is the word that is to be acted on; nil for none, and for one that was
// used up or that a later one has followed.
func (d *draft) decisionInForce() *Decision {
	word, last := d.declared.Decision, d.status.lastDecision()
	if word == nil || !d.changing() || !d.volumeStarted() || word.Attempt < last.Attempt || word.Attempt == last.Attempt && last.Done {
		return nil
	}
	return word
}

// decisionWaits says why a decision cannot be acted on.
func (d *draft) decisionWaits() *reconcile.RefusedError {
	word, last := d.declared.Decision, d.status.lastDecision()
	if word != nil && word.Attempt == last.Attempt && !last.says(*word) {
		before := Decision{Policy: last.Policy, Source: last.Source, Files: last.Files, Attempt: last.Attempt}
		return &reconcile.RefusedError{
			What: "use the number of a decision for another one", Path: tier.At("split_brain", "attempt"),
			Evidence: []string{"the machines have recorded " + before.String()},
			Remedy:   fmt.Sprintf("Declare attempt = %d to decide anew, or what was recorded to go on with that.", last.Attempt+1),
		}
	}
	if word = d.decisionInForce(); word == nil {
		return nil
	}
	refused := &reconcile.RefusedError{What: "decide about files in split brain", Path: tier.At("split_brain")}
	if refused.Evidence = d.unseenCopies(); len(refused.Evidence) > 0 {
		refused.Remedy = "Only when every brick is there is it known which copies there are. Bring them back first."
		return refused
	}
	var open []Contradiction
	files, _ := d.meant(*word)
	for _, file := range files {
		if _, why := d.choose(*word, file); why != "" {
			refused.Evidence, open = append(refused.Evidence, why), append(open, file)
		}
	}
	if len(open) == 0 {
		return nil
	}
	refused.Evidence = append(refused.Evidence, d.copiesTable(open)...)
	refused.Remedy = fmt.Sprintf("Nothing was done about any file. Declare policy = %q with the node whose copy counts, or take these files out of files.", PolicySource)
	return refused
}

// unseenCopies says why it is not known which files are in split brain, or what the bricks
// have of them.
func (d *draft) unseenCopies() []string {
	if away := d.absentees(d.reached); len(away) > 0 {
		return away
	}
	all := names(d.spec.Nodes)
	clients := d.clients()
	if len(clients) == 0 {
		return []string{noClient}
	}
	client := clients[0]
	reason := cmp.Or(d.unsettled(), processReason(d.status, all), serveReason(d.spec, d.status, clients, all), countReason(d.status, client))
	if reason == "" && d.splitBrain() != "" && !d.status.Nodes[client].Listed {
		reason = "the files in split brain could not be listed on " + client
	}
	if reason == "" {
		return nil
	}
	return []string{reason}
}

// choose returns the node whose copy of a file counts, or says why that is not clear. What
// was chosen once stays so: copies may be half overwritten since.
func (d *draft) choose(word Decision, file Contradiction) (host.Node, string) {
	holders := d.holders(file)
	if len(holders) == 0 {
		return host.Node{}, "it is not known which bricks have " + file.label()
	}
	chosen, why := d.byPolicy(word, file, holders)
	last := d.status.lastDecision()
	begun, found := last.Chosen[file.ID]
	if last.Done || !found {
		return chosen, why
	}
	for _, node := range holders {
		switch {
		case d.spec.brick(node) != begun:
		case last.Attempt == word.Attempt || why == "" && chosen == node:
			return node, ""
		default:
			return host.Node{}, fmt.Sprintf("attempt %d has begun to overwrite the other copies of %s with that of %s and has not come to its end; what they were is kept below %s on their machines", last.Attempt, file.label(), node.Name, path.Join(keptBeside(d.spec.pathOf(node.Name)), strconv.FormatInt(last.Attempt, 10)))
		}
	}
	return chosen, why
}

// byPolicy chooses among the copies as they are. GlusterFS would choose in the same way, but
// from what they are at that moment.
func (d *draft) byPolicy(word Decision, file Contradiction, holders []host.Node) (host.Node, string) {
	var with []host.Node
	for _, node := range holders {
		found, known := d.seen(node).Copies[file.ID]
		switch {
		case !known:
			return host.Node{}, fmt.Sprintf("%s has no copy of %s that could be looked at, and GlusterFS decides only where every brick has one", node.Name, file.label())
		case d.isArbiter(node):
		case found.Kind != copyFile:
			return host.Node{}, fmt.Sprintf("%s is no regular file, and %s chooses among those", file.label(), word.Policy)
		default:
			with = append(with, node)
		}
	}
	if word.Policy == PolicySource {
		if i := slices.IndexFunc(with, func(node host.Node) bool { return node.Name == word.Source }); i >= 0 {
			return with[i], ""
		}
		return host.Node{}, fmt.Sprintf("%s has no contents of %s, which are on %s", word.Source, file.label(), joinWords(names(with)))
	}
	measure := func(node host.Node) int64 {
		if found := d.seen(node).Copies[file.ID]; word.Policy == PolicyLatest {
			return found.Changed
		}
		return d.seen(node).Copies[file.ID].Size
	}
	slices.SortStableFunc(with, func(a, b host.Node) int { return cmp.Compare(measure(b), measure(a)) })
	if len(with) > 1 && measure(with[0]) == measure(with[1]) {
		return host.Node{}, fmt.Sprintf("%s does not choose between the copies of %s on %s and %s", word.Policy, file.label(), with[0].Name, with[1].Name)
	}
	return with[0], ""
}

// planDecision has one copy of each file that a decision names overwrite the others, which
// are kept. A machine that does not have the last record gets it, so that a decision is
// acted on once whatever becomes of the others.
func planDecision(d *draft) error {
	word, last := d.decisionInForce(), d.status.lastDecision()
	if word == nil {
		if last.Done {
			d.recordDecision(d.stages.prepare, DecisionRecord{Attempt: last.Attempt, Policy: last.Policy, Source: last.Source, Files: last.Files, Done: true}, "")
		}
		return nil
	}
	if d.decisionWaits() == nil {
		d.decide(*word)
	}
	return nil
}

// decide has one copy of each file that a decision names overwrite the others. Each is
// recorded when it is done with: what is chosen for it holds for the contents it has now.
func (d *draft) decide(word Decision) {
	files, left := d.meant(word)
	begun, last, chosen, settled := d.begun(word), d.status.lastDecision(), map[string]string{}, []string(nil)
	if last.Attempt == word.Attempt {
		settled = last.Settled
	}
	for _, file := range begun {
		chosen[file.ID] = last.Chosen[file.ID]
	}
	for _, file := range files {
		node, _ := d.choose(word, file)
		chosen[file.ID] = d.spec.brick(node)
	}
	record := word.record(chosen, settled, false)
	if len(files)+len(begun) > 0 {
		d.recordDecision(d.stages.decide, record, "")
	}
	for _, file := range begun {
		d.stages.decide.InOrder(Step{Title: "wait until " + file.label() + " is healed", Do: waitDecided(d.spec, d.leader().Name, file, "")})
		record = d.recordSettled(record, file)
	}
	for _, file := range files {
		d.overwrite(word, file, chosen[file.ID])
		record = d.recordSettled(record, file)
	}
	if len(left) > 0 {
		return
	}
	d.stages.decide.InOrder(Step{Title: "wait until the files are healed", Do: waitSettled(d.spec, d.leader().Name, word)})
	d.recordDecision(d.stages.decide, word.record(nil, nil, true), fmt.Sprintf("attempt %d of split_brain is not recorded as done", word.Attempt))
}

// recordDecision writes a record on the machines that do not have it.
func (d *draft) recordDecision(stage *tier.Stage[host.Hosts], record DecisionRecord, why string) {
	file := record.file(d.spec.Name)
	for _, node := range d.reached {
		difference := file.Difference(d.seen(node).Files[file.Path])
		if difference == "" && why == "" {
			continue
		}
		stage.On(lane(stage == d.stages.prepare, node), Step{Node: node.Name, Title: "record the decision about files in split brain", Why: cmp.Or(why, "the "+difference), Do: writeFile(node.Name, file)})
	}
}

// lane is that of a machine where machines are worked on side by side.
func lane(sideBySide bool, node host.Node) string {
	if sideBySide {
		return node.Name
	}
	return ""
}

// overwrite plans to keep the copies of a file that lose and to overwrite them.
func (d *draft) overwrite(word Decision, file Contradiction, winner string) {
	why := fmt.Sprintf("%s is in split brain, and split_brain says that the copy of brick %s counts", file.label(), winner)
	for _, node := range d.holders(file) {
		if d.isArbiter(node) || d.spec.brick(node) == winner {
			continue
		}
		brick := d.spec.pathOf(node.Name)
		to := path.Join(keptBeside(brick), strconv.FormatInt(word.Attempt, 10), cmp.Or(path.Clean("/"+file.Path), "/"))
		if file.Path == "" {
			to = path.Join(keptBeside(brick), strconv.FormatInt(word.Attempt, 10), "gfid", file.ID)
		}
		d.stages.decide.InOrder(Step{Node: node.Name, Title: "keep the copy of " + file.label() + " that loses",
			Do: run(node.Name, "keep the copy of "+file.label(), shell.Script(keepCopyScript, brick, file.ID, to))})
	}
	leader := d.leader().Name
	d.stages.decide.InOrder(Step{Title: "overwrite the other copies of " + file.label(), Why: why,
		Done: decided(d.spec, leader, file), Do: chooseCopy(d.spec, leader, file, winner)})
}

// decided reports that a file is in split brain no more, and healed. While a self-heal has
// it locked it is only in the list of those that are in need of a heal.
func decided(spec Spec, client string, file Contradiction) func(context.Context, host.Hosts) (bool, error) {
	return func(ctx context.Context, hosts host.Hosts) (bool, error) {
		all, split, err := listed(ctx, hosts[client], spec.Name)
		is := func(c Contradiction) bool { return c.ID == file.ID }
		return err == nil && !slices.ContainsFunc(all, is) && !slices.ContainsFunc(split, is), err
	}
}

// decisionLimit is how long a file may be listed after its copies were overwritten.
const decisionLimit = time.Minute

// chooseCopy has one copy of a file overwrite the others. What proves it is that the file
// is listed no more.
func chooseCopy(spec Spec, client string, file Contradiction, winner string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		result, err := hosts[client].Run(ctx, shell.Script(chooseCopyScript, spec.Name, winner, file.ID))
		if err != nil {
			return fmt.Errorf("cannot decide about %s on %s: %w", file.label(), client, err)
		}
		return waitDecided(spec, client, file, "; GlusterFS said: "+strings.TrimSpace(string(result.Stdout)))(ctx, hosts)
	}
}

// nextDecision is the number of the next decision.
func (d *draft) nextDecision() int64 {
	last := d.status.lastDecision().Attempt
	if word := d.declared.Decision; word != nil && word.Attempt > last {
		return word.Attempt
	}
	return last + 1
}

// decisionNotices tell of files in split brain that nobody has decided about, of files that
// a decision names in vain, and of copies that are kept.
func (d *draft) decisionNotices() []string {
	notices := d.keptNotices()
	split, word := d.splitBrain(), d.decisionInForce()
	files := d.status.contradictions()
	if word != nil {
		files = slices.DeleteFunc(slices.Clone(files), func(file Contradiction) bool { return word.means(file) && d.leftAlone(*word, file) == "" })
		if idle := d.idle(*word); len(idle) > 0 && len(d.unseenCopies()) == 0 {
			notices = append(notices, fmt.Sprintf("split_brain names %s, which are not in split brain in volume %s: nothing is done about them.", joinWords(idle), d.spec.Name))
		}
	}
	if split == "" || word != nil && len(files) == 0 {
		return notices
	}
	said := fmt.Sprintf("In volume %s %s: clients get errors for them until a person has said which copy counts.", d.spec.Name, split)
	if len(files) == 0 {
		return append(notices, said+fmt.Sprintf(" \"gluster volume heal %s info split-brain\" lists them, and split_brain takes the decision.", d.spec.Name))
	}
	proposal := Decision{Policy: PolicyLatest, Attempt: d.nextDecision()}
	for i, file := range files {
		if i < mostInTable {
			proposal.Files = append(proposal.Files, file.label())
		}
	}
	return append(notices, fmt.Sprintf("%s The bricks have\n\n%s\n\nDecide with, for example,\n\n  %s\n\nThe other policies are %q, and %q with source_node. Every copy that loses is kept.",
		said, strings.Join(d.copiesTable(files), "\n"), proposal, PolicyBiggest, PolicySource))
}

// idle are the words of a decision that mean no file in split brain.
func (d *draft) idle(word Decision) []string {
	return slices.DeleteFunc(slices.Clone(word.Files), func(file string) bool {
		return slices.ContainsFunc(d.status.contradictions(), func(c Contradiction) bool { return c.isMeant(file) })
	})
}

func (d *draft) keptNotices() []string {
	var notices []string
	for _, name := range d.status.Names() {
		for _, directory := range d.status.Nodes[name].Kept {
			notices = append(notices, fmt.Sprintf("Copies that lost a decision about files in split brain are kept at %s on %s: look for what only they have, and remove the directory when nobody needs it.", directory, name))
		}
	}
	return notices
}
