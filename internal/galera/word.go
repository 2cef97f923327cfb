package galera

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// suggestion is a word that a refusal proposes.
type suggestion struct {
	bootstrap string
	missing   []string
	attempt   int64
}

// String is the word as it is written into a configuration.
func (s suggestion) String() string {
	missing := slices.Compact(slices.Sorted(slices.Values(s.missing)))
	quoted := make([]string, len(missing))
	for i, name := range missing {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("recovery = { bootstrap_node = %q, allow_missing = [%s], attempt = %d }", s.bootstrap, strings.Join(quoted, ", "), s.attempt)
}

// decide tells what to declare where a person has to decide about a cluster without a
// Primary component: to go on from a node with the highest position that is known,
// without those whose position is not.
func (d *draft) decide() string {
	word := suggestion{attempt: d.attempt()}
	names := d.spec.names()
	if highest := d.status.highest(names); len(highest) > 0 {
		word.bootstrap = highest[0]
	} else if answering := d.status.where(func(n NodeStatus) bool { return n.Err == nil && n.Saved.HasData() }); len(answering) > 0 {
		word.bootstrap = answering[0]
	} else {
		return ""
	}
	for _, name := range names {
		if node := d.status.Nodes[name]; name != word.bootstrap && !node.serverAnswers() && !node.Saved.HasData() {
			word.missing = append(word.missing, name)
		}
	}
	return fmt.Sprintf("If a node is gone for good, or what only it has can be given up, say so: declare\n\n  %s\n\nwith the node that the cluster is to go on from and the nodes without which it may, and apply again.", word)
}

// oneHistory is the word by which the cluster keeps the history that it is known for.
func (d *draft) oneHistory() suggestion {
	word := suggestion{attempt: d.attempt()}
	for _, name := range d.spec.names() {
		switch uuid := d.seen.Nodes[name].position().UUID; {
		case uuid == "" || uuid == NoHistory:
		case uuid != d.spec.UUID:
			word.missing = append(word.missing, name)
		case word.bootstrap == "":
			word.bootstrap = name
		}
	}
	return word
}

// attempt is the number of the next decision: that of the word where no node has
// recorded it.
func (d *draft) attempt() int64 {
	last := d.seen.lastRecord().Attempt
	if d.word != nil && last < d.word.Attempt {
		return d.word.Attempt
	}
	return last + 1
}

// refuseReused refuses a word that has the number of another one: nodes that know that
// one would take it for this.
func refuseReused(d *draft) error {
	if d.word == nil {
		return nil
	}
	for _, name := range d.seen.where(NodeStatus.answers) {
		known := d.seen.Nodes[name].Recovery
		if known.Attempt != d.word.Attempt || known.says(*d.word) {
			continue
		}
		before := suggestion{bootstrap: known.Bootstrap, missing: known.Missing, attempt: known.Attempt}
		now := suggestion{bootstrap: d.word.BootstrapNode, missing: d.word.AllowMissing, attempt: d.attempt()}
		return &reconcile.RefusedError{
			What: "use the number of a recovery for another one", Node: name, Path: []string{"recovery", "attempt"},
			Evidence: append([]string{fmt.Sprintf("%s has recorded %s", name, before)}, d.seen.table()...),
			Remedy:   fmt.Sprintf("Declare %s to decide anew, or what was recorded to go on with that, and apply again.", now),
		}
	}
	return nil
}

// serving are the steps of a cluster that has a Primary component: nodes join, and
// those that were left behind give up their data first.
func serving(d *draft, members []string) ([]Step, error) {
	if d.word != nil && !slices.Contains(members, d.word.BootstrapNode) {
		return nil, &reconcile.RefusedError{
			What: "recover a cluster that serves", Evidence: d.seen.table(), Path: []string{"recovery", "bootstrap_node"},
			Remedy: fmt.Sprintf("There is a Primary component, so the data of %s is what the cluster goes on with. Remove recovery and apply again; to have other nodes give up their data, name one of %[1]s as bootstrap_node.", strings.Join(members, ", ")),
		}
	}
	if err := refuseReused(d); err != nil {
		return nil, err
	}
	if err := refuseNamedMembers(d, members); err != nil {
		return nil, err
	}
	steps := append(recordSteps(d), joins(d, members)...)
	for _, node := range d.spec.Nodes {
		// Its data may not be mounted, or it is stopped for maintenance.
		if !slices.Contains(d.leftBehind, node.Name) || d.status.Nodes[node.Name].Err != nil {
			continue
		}
		cache := cacheBytes(d.spec.ProviderOptions, d.defaults[node.Name])
		if d.seen.Nodes[node.Name].primary() {
			steps = append(steps, stepTakeBack(d.spec, node.Name, d.seen.lastRecord()))
		}
		steps = append(steps, stepSetAside(d, node.Name, cache))
		steps = append(steps, admissions(d, node.Name)...)
		steps = append(steps, stepJoin(d.spec, node, d.engine.service()+" is not a member yet", cache))
	}
	return steps, nil
}

// refuseNamedMembers keeps the data of members: they have what the cluster has.
func refuseNamedMembers(d *draft, members []string) error {
	if d.word == nil {
		return nil
	}
	for _, name := range d.word.AllowMissing {
		// A member that lags or is cut off from the others is seen by the others' views.
		if slices.Contains(members, name) {
			return &reconcile.RefusedError{
				What: "set aside the data of a member", Node: name, Evidence: d.seen.table(), Path: []string{"recovery", "allow_missing"},
				Remedy: fmt.Sprintf("%s is in the Primary component and has the data of the cluster. Take it out of allow_missing and apply again.", name),
			}
		}
	}
	return nil
}

// recordSteps let the members, and nodes without data, remember the last word: what
// they have or get is the data that the cluster goes on with. So does an arbitrator: its
// guard tells the word to a node that was left behind, which would form a component with
// it otherwise.
func recordSteps(d *draft) []Step {
	wanted := d.seen.lastRecord().finished()
	if d.word != nil {
		wanted = recordOf(*d.word, d.seen.standing(d.word.BootstrapNode, d.word)).finished()
	}
	if wanted.Attempt == 0 {
		return nil
	}
	var names []string
	for node := range d.answering() {
		names = append(names, node.Name)
	}
	// A member that leaves may be what the cluster is started from before it has left.
	for _, name := range d.spec.leavingNames() {
		if d.status.Nodes[name].primary() {
			names = append(names, name)
		}
	}
	for node := range d.arbitrators() {
		names = append(names, node.Name)
	}
	var steps []Step
	for _, name := range names {
		seen, _ := d.status.machine(name)
		counts := seen.primary() || seen.unused() && !seen.LeftBehind
		switch known := seen.Recovery; {
		case !counts || d.gaveUpAndServes(name):
		case known.Attempt != wanted.Attempt || !known.Done:
			steps = append(steps, stepRecord(d.spec.Name, name, wanted, fmt.Sprintf("it does not know that attempt %d of the recovery is done", wanted.Attempt)))
		case d.word == nil && len(without(wanted.Admitted, known.Admitted)) > 0:
			steps = append(steps, stepRecord(d.spec.Name, name, wanted, fmt.Sprintf("it does not know that %s has joined since then", strings.Join(without(wanted.Admitted, known.Admitted), ", "))))
		}
	}
	return steps
}

func stepRecord(cluster, node string, wanted Record, why string) Step {
	return Step{Node: node, Title: fmt.Sprintf("record attempt %d of the recovery", wanted.Attempt), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return hosts[node].WriteFile(ctx, wanted.file(cluster))
		}}
}

// participants are the declared nodes that a word does not name as missing.
func (d *draft) participants() []string {
	return slices.DeleteFunc(d.spec.names(), func(name string) bool { return slices.Contains(d.word.AllowMissing, name) })
}

// recoverByWord makes a Primary component of the node that the user names, once
// nothing that anybody else has could be lost without being named.
func recoverByWord(d *draft) ([]Step, error) {
	if err := refuseReused(d); err != nil {
		return nil, err
	}
	names := d.participants()
	if leaving := d.spec.leavingNames(); len(leaving) > 0 {
		return nil, &reconcile.RefusedError{
			What: "recover a cluster while machines leave it", Evidence: d.seen.table(), Path: []string{"nodes"},
			Remedy: fmt.Sprintf("%s may have newer data. Recover the cluster with the nodes that it had before, and change them in an apply of their own.", strings.Join(leaving, ", ")),
		}
	}
	if err := refuseUnknown(d, names); err != nil {
		return nil, err
	}
	survivors := d.survivors(names)
	steps := restedArbitrators(d)
	for _, name := range d.status.where(NodeStatus.occupied) {
		if !slices.Contains(survivors, name) {
			steps = append(steps, stepEnd(d.spec, name))
		}
	}
	if len(steps) > 0 {
		return steps, nil
	}
	if steps := recoverPositions(d.engine, d.status, names); len(steps) > 0 {
		return steps, nil
	}
	if err := refuseBehind(d, names); err != nil {
		return nil, err
	}
	word := *d.word
	for _, name := range d.recordOrder(names) {
		if begun := recordOf(word, d.seen.standing(name, d.word)); d.seen.Nodes[name].Recovery.Attempt != word.Attempt {
			steps = append(steps, stepRecord(d.spec.Name, name, begun, fmt.Sprintf("recovery has %s start the cluster", word.BootstrapNode)))
		}
	}
	if len(survivors) > 0 {
		steps = append(steps, stepPromote(d, survivors))
	} else {
		steps = append(steps, stepBootstrapByWord(d, names))
	}
	// What has no data takes that which goes on, and is known for it when it joins.
	for node, seen := range d.answering() {
		if standing := d.seen.standing(node.Name, d.word); seen.unused() && !seen.LeftBehind && !slices.Contains(names, node.Name) && seen.Recovery.Attempt != word.Attempt {
			steps = append(steps, stepRecord(d.spec.Name, node.Name, recordOf(word, standing).finished(), fmt.Sprintf("it joins with the data that attempt %d of recovery goes on with", word.Attempt)))
		}
	}
	return append(steps, joins(d, []string{word.BootstrapNode})...), nil
}

// recordOrder has the node last whose record says whether the word before was used: the
// records of the others are read by it.
func (d *draft) recordOrder(names []string) []string {
	first := d.seen.lastRecordBefore(d.word.Attempt).Bootstrap
	order := without(names, []string{first})
	if len(order) < len(names) {
		order = append(order, first)
	}
	return order
}

// survivors are the nodes of the component of the one that the user names, if its
// server runs and waits for a majority; nothing otherwise. Servers that see no
// Primary component do not tell which component they are in, only its size: those
// that answer are one if all see at least all of them.
func (d *draft) survivors(names []string) []string {
	running := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !d.status.Nodes[name].serverAnswers() })
	if !slices.Contains(running, d.word.BootstrapNode) {
		return nil
	}
	size := d.status.Nodes[d.word.BootstrapNode].Wsrep.Size
	for _, name := range running {
		if seen := d.status.Nodes[name].Wsrep.Size; seen != size || seen < len(running) {
			return nil
		}
	}
	return running
}

// refuseUnknown wants something known of every node that is not named as missing.
func refuseUnknown(d *draft, names []string) error {
	var silent, empty []string
	for _, name := range names {
		switch node := d.status.Nodes[name]; {
		case node.Err != nil:
			silent = append(silent, name)
		case node.Wsrep.Answers && !node.Wsrep.On || !node.serverAnswers() && !node.Saved.HasData():
			empty = append(empty, name)
		}
	}
	missing := slices.Concat(d.word.AllowMissing, silent, empty)
	switch {
	case slices.Contains(missing, d.word.BootstrapNode):
		return &reconcile.RefusedError{
			What: "bootstrap the cluster", Node: d.word.BootstrapNode, Evidence: d.seen.table(), Path: []string{"recovery", "bootstrap_node"},
			Remedy: "It does not answer, or it has no data of the cluster. Name a node that has.",
		}
	case len(silent)+len(empty) > 0:
		word := suggestion{bootstrap: d.word.BootstrapNode, missing: missing, attempt: d.attempt()}
		return &reconcile.RefusedError{
			What: "bootstrap the cluster while a node may have newer data", Evidence: d.seen.table(), Path: []string{"recovery", "allow_missing"},
			Remedy: fmt.Sprintf("Nothing is known of the data of %s. %s, or, if what is only there can be given up, declare %s, and apply again.", strings.Join(slices.Concat(silent, empty), ", "), d.status.reach(slices.Concat(silent, empty)), word),
		}
	}
	return nil
}

// refuseBehind refuses to go on from a node while one that is not named as missing is
// ahead of it.
func refuseBehind(d *draft, names []string) error {
	chosen := d.status.Nodes[d.word.BootstrapNode].position()
	var ahead, unknown []string
	for _, name := range names {
		switch position := d.status.Nodes[name].position(); {
		case position.Seqno < 0:
			unknown = append(unknown, name)
		case position.Seqno > chosen.Seqno:
			ahead = append(ahead, name)
		}
	}
	if len(ahead)+len(unknown) == 0 {
		return nil
	}
	word := suggestion{bootstrap: d.word.BootstrapNode, missing: slices.Concat(d.word.AllowMissing, ahead, unknown), attempt: d.attempt()}
	remedy := fmt.Sprintf("If what is only on %s can be given up, declare %s and apply again: the data directory of each is then set aside before it joins.", strings.Join(slices.Concat(ahead, unknown), ", "), word)
	if highest := d.status.highest(names); len(highest) > 0 && !slices.Contains(highest, d.word.BootstrapNode) {
		best := suggestion{bootstrap: highest[0], missing: d.word.AllowMissing, attempt: d.attempt()}
		remedy = fmt.Sprintf("To lose nothing, declare %s. %s", best, remedy)
	}
	return &reconcile.RefusedError{
		What: "bootstrap the cluster from a node that is behind", Node: d.word.BootstrapNode, Evidence: d.seen.table(), Path: []string{"recovery"}, Remedy: remedy,
	}
}

// stepBootstrapByWord starts the cluster from the node that the user names, once all
// others that are not missing have proved stopped.
func stepBootstrapByWord(d *draft, names []string) Step {
	spec, word, before := d.spec, *d.word, d.seen.standing(d.word.BootstrapNode, d.word)
	return Step{Node: word.BootstrapNode, Title: "bootstrap the cluster from its last position", Why: fmt.Sprintf("attempt %d of recovery names it", word.Attempt), Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := complete(Observe(ctx, hosts.Views(), spec), spec.names())
			for _, name := range now.names() {
				seen := now.Nodes[name]
				if slices.Contains(names, name) && seen.Err != nil || seen.occupied() || len(now.arbitrating()) > 0 {
					return changedMeanwhile(word.BootstrapNode, now)
				}
			}
			if err := refuseHeard(ctx, hosts[word.BootstrapNode], spec, now); err != nil {
				return err
			}
			if err := hosts[word.BootstrapNode].WriteFile(ctx, recordOf(word, before).started().file(spec.Name)); err != nil {
				return err
			}
			if err := starterOf(spec).become(ctx, hosts, word.BootstrapNode, "bootstrap"); err != nil {
				return err
			}
			return hosts[word.BootstrapNode].WriteFile(ctx, recordOf(word, before).finished().file(spec.Name))
		}}
}

func changedMeanwhile(node string, now Status) error {
	return &reconcile.RefusedError{What: "bootstrap the cluster again", Node: node, Evidence: now.table(),
		Remedy: "The cluster changed after the plan was made. Apply again."}
}

var promoteScript = shell.Embedded(scripts, "promote")

// noticeTime is how long the rest of a component may take to notice that a server is
// gone: Galera waits for 5 seconds, and for 15 where the network comes and goes
// (evs.suspect_timeout and evs.inactive_timeout).
const noticeTime = 40 * time.Second

// stepPromote makes the component of the survivors the Primary one, without a restart
// (Galera's documentation, "Resetting the Quorum").
func stepPromote(d *draft, survivors []string) Step {
	spec, word, before := d.spec, *d.word, d.seen.standing(d.word.BootstrapNode, d.word)
	return Step{Node: word.BootstrapNode, Title: "make the component of " + strings.Join(survivors, ", ") + " the Primary one (pc.bootstrap)",
		Why: fmt.Sprintf("the nodes that run are too few to serve, and attempt %d of recovery allows it", word.Attempt), Effect: reconcile.Joins, Of: survivors,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			var now Status
			err := reconcile.WaitAtMost(ctx, noticeTime, "the servers that run to see nobody else", time.Second, func(ctx context.Context) (string, error) {
				now = complete(Observe(ctx, hosts.Views(), spec), spec.names())
				return now.whyNotAmong(survivors), nil
			})
			if err != nil && ctx.Err() == nil {
				return &reconcile.RefusedError{
					What: "make a Primary component of some nodes", Node: word.BootstrapNode, Evidence: append([]string{now.whyNotAmong(survivors)}, now.table()...),
					Remedy: "A node that does not answer over SSH may still run and be connected to the others. Stop its server or its machine, or make it reachable, and apply again.",
				}
			}
			if err != nil {
				return err
			}
			if err := refuseHeard(ctx, hosts[word.BootstrapNode], spec, now); err != nil {
				return err
			}
			if err := hosts[word.BootstrapNode].WriteFile(ctx, recordOf(word, before).started().file(spec.Name)); err != nil {
				return err
			}
			if _, err := hosts[word.BootstrapNode].Run(ctx, shell.Script(promoteScript, spec.engine().client, socketPath)); err != nil {
				return err
			}
			return hosts[word.BootstrapNode].WriteFile(ctx, recordOf(word, before).finished().file(spec.Name))
		}}
}

// whyNotAmong says why servers that run are not a component of their own with all
// others stopped; empty if they are.
func (s Status) whyNotAmong(survivors []string) string {
	for _, name := range s.names() {
		node := s.Nodes[name]
		among := slices.Contains(survivors, name)
		switch {
		case node.primary():
			return name + " is in a Primary component"
		case among && !node.serverAnswers():
			return "the server of " + name + " does not answer"
		case among && node.Wsrep.Size != len(survivors):
			return fmt.Sprintf("%s sees %d servers, and %d are known to run", name, node.Wsrep.Size, len(survivors))
		case !among && node.occupied():
			return "the server of " + name + " runs"
		}
	}
	return ""
}

var heardScript = shell.Embedded(scripts, "heard")

// refuseHeard asks from a node whether one that does not answer over SSH runs all the
// same: it may be serving.
func refuseHeard(ctx context.Context, from *host.Host, spec Spec, now Status) error {
	args := []string{fmt.Sprint(guardPort)}
	names := map[string]string{}
	for _, node := range spec.peers() {
		if seen, _ := now.machine(node.Name); seen.Err != nil {
			args, names[node.Address] = append(args, node.Address), node.Name
		}
	}
	if len(names) == 0 {
		return nil
	}
	result, err := from.Run(ctx, shell.Script(heardScript, args...))
	if err != nil {
		return err
	}
	var evidence []string
	for _, address := range strings.Fields(string(result.Stdout)) {
		evidence = append(evidence, fmt.Sprintf("%s does not answer over SSH, and its server answers %s at %s", names[address], from.Name(), address))
	}
	if len(evidence) == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "make a second Primary component", Node: from.Name(), Evidence: append(evidence, now.table()...),
		Remedy: "Stop that server or its machine, or make it reachable, and apply again.",
	}
}

// refuseBegun refuses to go another way while a recovery is half done.
func refuseBegun(d *draft) error {
	last := d.seen.lastRecord()
	if last.Attempt == 0 || last.Done {
		return nil
	}
	word := suggestion{bootstrap: last.Bootstrap, missing: last.Missing, attempt: last.Attempt}
	return &reconcile.RefusedError{
		What: "start the cluster while its recovery is half done", Evidence: d.seen.table(), Path: []string{"recovery"},
		Remedy: fmt.Sprintf("Declare %s again and apply, or a higher attempt with another decision.", word),
	}
}
