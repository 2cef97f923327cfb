package galera

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Recovery is the word of a user on what becomes of a cluster without a Primary
// component. It acts once for each number of its attempt.
type Recovery struct {
	// BootstrapNode is the node whose data the cluster goes on with.
	BootstrapNode string
	// AllowMissing are the nodes without which it may go on. What only they have is given
	// up: the data directory of each is set aside before it joins again.
	AllowMissing []string
	// Attempt counts the words. One that is not higher than the last that was used does
	// nothing.
	Attempt int64
}

func validateRecovery(spec Spec, problems *tier.Problems) {
	word := spec.Recovery
	if word == nil {
		return
	}
	names := spec.names()
	if !slices.Contains(names, word.BootstrapNode) {
		problems.Add(tier.At("recovery", "bootstrap_node"), "%q is not a key of nodes", word.BootstrapNode)
	}
	for _, name := range word.AllowMissing {
		switch {
		case name == word.BootstrapNode:
			problems.Add(tier.At("recovery", "allow_missing"), "%q is the node that the cluster goes on from, so it cannot be missing", name)
		case !slices.Contains(names, name):
			problems.Add(tier.At("recovery", "allow_missing"), "%q is not a key of nodes", name)
		}
	}
	if word.Attempt < 1 {
		problems.Add(tier.At("recovery", "attempt"), "attempts are counted from 1; there is no attempt %d", word.Attempt)
	}
}

// Record is what a node remembers of the last word that was used on its data. It lies
// on the nodes whose data goes on, and on all that have taken their data since. One
// that has data and an older record was left behind: its data may have commits of its
// own under the same UUID, which Galera does not see.
type Record struct {
	// Attempt is the number of the word.
	Attempt int64
	// Before is the attempt that the node's data was of when this one began.
	Before int64
	// Bootstrap is the node whose data goes on, and Missing are those that were named.
	Bootstrap string
	Missing   []string
	// Admitted are those of Missing that joined with the data that went on.
	Admitted []string
	// Started says, on the bootstrap node, that a Primary component was about to be made:
	// until then the word has changed nobody's data.
	Started bool
	// Done says that a Primary component was made.
	Done bool
}

// recoveryPath is where a node keeps its record. The guard reads it, too.
func recoveryPath(cluster string) string {
	return strings.TrimSuffix(markerPath(cluster), ".json") + ".recovery"
}

// recordOf is the record of a word before anything is done.
func recordOf(word Recovery, before int64) Record {
	return Record{Attempt: word.Attempt, Before: before, Bootstrap: word.BootstrapNode, Missing: slices.Sorted(slices.Values(word.AllowMissing))}
}

// finished returns the record of a word that was used.
func (r Record) finished() Record {
	r.Started, r.Done = false, true
	return r
}

// started returns the record of a word that is about to be used.
func (r Record) started() Record {
	r.Started = true
	return r
}

// says reports whether the record is of a decision.
func (r Record) says(word Recovery) bool {
	missing := func(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
	return r.Bootstrap == word.BootstrapNode && slices.Equal(missing(r.Missing), missing(word.AllowMissing))
}

func (r Record) file(cluster string) host.File {
	lines := []string{fmt.Sprintf("attempt %d", r.Attempt), fmt.Sprintf("before %d", r.Before), "bootstrap " + r.Bootstrap}
	for _, name := range r.Missing {
		lines = append(lines, "missing "+name)
	}
	for _, name := range r.Admitted {
		lines = append(lines, "admitted "+name)
	}
	if r.Started {
		lines = append(lines, "started yes")
	}
	if r.Done {
		lines = append(lines, "done yes")
	}
	return host.File{Path: recoveryPath(cluster), Content: []byte(strings.Join(lines, "\n") + "\n"), Mode: "0644"}
}

var recoveryScript = shell.Embedded(scripts, "recovery")

func askRecovery(spec Spec, _ string) tier.Questions {
	at := recoveryPath(spec.Name)
	return tier.Questions{Parts: []shell.Part{shell.Ask("recovery", recoveryScript, at, asidePath(spec.Name), dataDirectory)}}
}

func readRecovery(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for line := range strings.Lines(answers.Parts["recovery"].Out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "attempt":
			seen.Recovery.Attempt, _ = strconv.ParseInt(value, 10, 64)
		case "before":
			seen.Recovery.Before, _ = strconv.ParseInt(value, 10, 64)
		case "bootstrap":
			seen.Recovery.Bootstrap = value
		case "missing":
			seen.Recovery.Missing = append(seen.Recovery.Missing, value)
		case "admitted":
			seen.Recovery.Admitted = append(seen.Recovery.Admitted, value)
		case "started":
			seen.Recovery.Started = true
		case "done":
			seen.Recovery.Done = true
		case "moving":
			seen.Moving = value
		case "aside":
			seen.Aside = append(seen.Aside, value)
		}
	}
}

// lastRecord is the record of the latest word that any node knows. It is done, and has
// admitted nodes, where one node knows that.
func (s Status) lastRecord() Record {
	var last Record
	for _, name := range s.where(NodeStatus.answers) {
		switch known := s.Nodes[name].Recovery; cmp.Compare(known.Attempt, last.Attempt) {
		case 1:
			last = known
		case 0:
			last.Done = last.Done || known.Done
			last.Admitted = slices.Concat(last.Admitted, known.Admitted)
		}
	}
	// One that has the record took part, or took the data that went on.
	for _, name := range last.Missing {
		if node := s.Nodes[name]; node.Err == nil && last.Attempt > 0 && node.Recovery.Attempt == last.Attempt {
			last.Admitted = append(last.Admitted, name)
		}
	}
	last.Admitted = slices.Compact(slices.Sorted(slices.Values(last.Admitted)))
	return last
}

// lastRecordBefore is the record of the latest word before one that any node knows.
func (s Status) lastRecordBefore(attempt int64) Record {
	return s.without(s.where(func(n NodeStatus) bool { return n.Recovery.Attempt >= attempt })).lastRecord()
}

// usedAttempt is the number of the last word that was used up.
func (s Status) usedAttempt() int64 {
	used := int64(0)
	for _, node := range s.Nodes {
		if node.Err == nil && node.Recovery.Done {
			used = max(used, node.Recovery.Attempt)
		}
	}
	return used
}

// wordInForce returns the word that is to be acted on; nil for none, and for one that
// was used up or that a later one has followed.
func wordInForce(spec Spec, status Status) *Recovery {
	if spec.Recovery == nil || spec.Recovery.Attempt <= status.usedAttempt() || spec.Recovery.Attempt < status.lastRecord().Attempt {
		return nil
	}
	return spec.Recovery
}

// standing is the attempt that a node's data is of while a word is acted on.
func (s Status) standing(name string, word *Recovery) int64 {
	known := s.Nodes[name].Recovery
	if word != nil && (known.Attempt == word.Attempt || s.untouched(known)) {
		return known.Before
	}
	return known.Attempt
}

// untouched reports whether a word was recorded and not used any further, by the record
// of the node that it was to start first. Where that is not known the word may have been
// used.
func (s Status) untouched(record Record) bool {
	first, found := s.Nodes[record.Bootstrap]
	if !found || first.Err != nil || first.Recovery.Attempt != record.Attempt {
		return false
	}
	return !slices.ContainsFunc(s.where(NodeStatus.answers), func(name string) bool {
		known := s.Nodes[name].Recovery
		return known.Attempt == record.Attempt && (known.Started || known.Done)
	})
}

// decideData sorts out the data that the cluster does not go on with. That of a machine
// which leaves stays where it is, and counts nowhere.
func (d *draft) decideData() {
	leaving, seen := present(d.spec, d.seen)
	named, others := leftBehind(seen, d.word)
	leaves := func(name string) bool { return leaving.lets(name) }
	d.leftBehind, d.undecided = slices.DeleteFunc(slices.Clone(named), leaves), slices.DeleteFunc(slices.Clone(others), leaves)
	for _, name := range leaving.leavingNames() {
		if slices.Contains(others, name) {
			d.stray = name
		}
		if slices.Contains(named, name) || slices.Contains(others, name) {
			d.strayed = append(d.strayed, name)
		}
	}
}

// departed reports whether the node left the cluster before with the data that it has.
func (n NodeStatus) departed() bool { return n.Err == nil && n.Departed != "" && !n.primary() }

// leftBehind are the nodes that answer, are no members and have data that the cluster
// does not go on with. Those in named are to be set aside, by a word or because they
// left before, and others are nobody's decision yet.
func leftBehind(status Status, word *Recovery) (named, others []string) {
	last := status.lastRecord()
	if word == nil && !last.Done && len(status.where(NodeStatus.primary)) == 0 {
		// Nothing goes on before that is decided: see refuseBegun.
		return status.where(NodeStatus.departed), nil
	}
	var allowed []string
	if last.Done {
		allowed = last.Missing
	}
	current := last.Attempt
	if word != nil && status.Nodes[word.BootstrapNode].Err == nil {
		current = status.standing(word.BootstrapNode, word)
	}
	for _, name := range status.where(NodeStatus.answers) {
		node := status.Nodes[name]
		before, former := formerly(name)
		byWord := word != nil && slices.Contains(word.AllowMissing, name)
		switch {
		case word == nil && status.returned(name):
			named = append(named, name)
		case node.primary() || word != nil && name == word.BootstrapNode:
		case node.Moving != "" || node.departed() || byWord && !node.unused():
			named = append(named, name)
		case node.unused() || status.standing(name, word) == current:
		case status.standing(name, word) < current && (slices.Contains(allowed, name) || former && slices.Contains(allowed, before)):
			named = append(named, name)
		default:
			others = append(others, name)
		}
	}
	return named, others
}

// refuseLeftBehind refuses to go on beside data that nobody has decided about: it may
// have commits of its own, which Galera does not see under the same UUID.
func refuseLeftBehind(d *draft) error {
	last := d.seen.lastRecord()
	if d.stray != "" && len(d.status.where(NodeStatus.primary)) == 0 {
		return &reconcile.RefusedError{
			What: "start a cluster beside data that nobody has decided about", Node: d.stray, Path: []string{"nodes"},
			Evidence: append([]string{fmt.Sprintf("attempt %d of the recovery went on from %s, and the data of %s was not in it", last.Attempt, last.Bootstrap, d.stray)}, d.seen.table()...),
			Remedy:   "Declare the nodes as they were before, and apply: that says how to decide. Change them in an apply of their own.",
		}
	}
	if len(d.undecided) == 0 {
		return nil
	}
	evidence := []string{fmt.Sprintf("attempt %d of the recovery went on from %s, and the data of %s was not in it", last.Attempt, last.Bootstrap, strings.Join(d.undecided, ", "))}
	word := suggestion{bootstrap: last.Bootstrap, missing: d.undecided, attempt: last.Attempt + 1}
	if d.word != nil {
		word = suggestion{bootstrap: d.word.BootstrapNode, missing: slices.Concat(d.word.AllowMissing, d.undecided), attempt: d.attempt()}
	}
	return &reconcile.RefusedError{
		What: "let a node in that was left behind by a recovery", Evidence: append(evidence, d.seen.table()...), Path: []string{"recovery"},
		Remedy: fmt.Sprintf("If what is only on %s can be given up, declare %s and apply again. Each data directory is then set aside, and the node takes all data from the others.", strings.Join(d.undecided, ", "), word),
	}
}

// withoutLeftBehind returns the status as the cluster has to go on with it: nodes that
// were left behind have nothing that counts.
func withoutLeftBehind(status Status, names []string) Status {
	nodes := map[string]NodeStatus{}
	for name, node := range status.Nodes {
		if slices.Contains(names, name) {
			node.LeftBehind = true
			node.Saved, node.SavedView, node.View, node.ViewMembers = Position{Seqno: -1}, false, "", 0
			node.Schemas, node.Wsrep = nil, Wsrep{}
		}
		nodes[name] = node
	}
	return status.with(nodes)
}

// without returns the status without some nodes.
func (s Status) without(names []string) Status {
	nodes := map[string]NodeStatus{}
	for name, node := range s.Nodes {
		if !slices.Contains(names, name) {
			nodes[name] = node
		}
	}
	return s.with(nodes)
}

// recoveryNotices name the data directories that were set aside.
func recoveryNotices(status Status) []string {
	var notices []string
	for _, name := range status.names() {
		for _, directory := range status.Nodes[name].Aside {
			notices = append(notices, fmt.Sprintf("the data of %s that the cluster went on without was set aside at %s on it: "+
				"look for what only it had, and remove the directory when nobody needs it", name, directory))
		}
	}
	return notices
}

// recoveredWithout reports whether the last word that was used allowed all of the nodes
// to be missing.
func (s Status) recoveredWithout(names ...string) bool {
	last := s.lastRecord()
	return last.Done && !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(last.Missing, name) })
}
