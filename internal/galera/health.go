package galera

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Roles of a node as [HealthOf] tells them.
const (
	RoleMember  = "member"
	RoleDonor   = "donor"
	RoleJoiner  = "joiner"
	RoleOutside = "outside"
	// RoleArbitrator is a machine that votes and has no data.
	RoleArbitrator = "arbitrator"
)

// Figures of a node as [HealthOf] tells them.
const (
	// FigureReceiveQueue is how many write-sets wait to be applied.
	FigureReceiveQueue = "receive_queue"
	// FigureBehind is how many write-sets another member has committed and this one
	// has not.
	FigureBehind = "behind"
	// FigureFlowControlPaused is the part of the time since the server started, from 0
	// to 1, in which replication was paused because a node lagged behind.
	FigureFlowControlPaused = "flow_control_paused"
	// FigureCertificateDays is how many days the server's certificate is valid.
	FigureCertificateDays = "certificate_days"
)

// certificateNotice is how many days before its end a certificate is a problem.
const certificateNotice = 30

// Load is what a running server says of its backlog and its certificate.
type Load struct {
	// ReceiveQueue is not known of a server that is in no cluster.
	ReceiveQueue      int64
	FlowControlPaused float64
	Known             bool
	// CertificateEnds is zero where the server has no certificate.
	CertificateEnds time.Time
}

// read takes in a line of the server's status.
func (l *Load) read(key, value string) {
	switch key {
	case "wsrep_local_recv_queue":
		queue, err := strconv.ParseInt(value, 10, 64)
		l.ReceiveQueue, l.Known = queue, err == nil
	case "wsrep_flow_control_paused":
		l.FlowControlPaused, _ = strconv.ParseFloat(value, 64)
	case "Ssl_server_not_after":
		// OpenSSL's form (ASN1_TIME_print), with the day padded by a space.
		l.CertificateEnds, _ = time.Parse("Jan _2 15:04:05 2006 MST", value)
	}
}

// HealthOf says how a cluster is. It is pure; now is when the observation was made.
func HealthOf(spec Spec, status Status, now time.Time) tier.Health {
	spec, status = rolesByMarker(spec, status)
	seen := complete(status, spec.names())
	maps.DeleteFunc(seen.Nodes, func(name string, _ NodeStatus) bool { return !slices.Contains(spec.names(), name) })
	health := tier.Health{Nodes: map[string]tier.NodeHealth{}}
	members := seen.where(func(n NodeStatus) bool { return n.Healthy() || n.desynced() })
	health.Serving = fmt.Sprintf("%d of %d nodes are members that serve", len(members), len(spec.Nodes))
	if seen.Absent() {
		health.Problem("no machine has anything of cluster %s", spec.Name)
	} else if len(seen.where(NodeStatus.primary)) == 0 {
		health.Problem("no node that answers is in a Primary component")
	}
	if different := seen.disagreement(); different != "" {
		health.Problem("the members see different components: %s", different)
	}
	for _, name := range seen.where(NodeStatus.primary) {
		if seen.returned(name) {
			health.Problem("%s: %s; apply, which sets that data aside and has it take the data of the others", name, returnedWith(seen.lastRecord().Attempt))
		}
	}
	if uuids := seen.UUIDs(); len(uuids) > 1 {
		health.Problem("there are %d histories: %s", len(uuids), strings.Join(uuids, ", "))
	}
	health.Missing(seen.Unreachable())
	for _, name := range seen.where(NodeStatus.answers) {
		health.Nodes[name] = seen.nodeHealth(name, now)
		if why := seen.notServing(name, len(spec.peers())); why != "" {
			health.Problem("%s", why)
		}
	}
	for _, node := range spec.Arbitrators {
		arbitrator := seen.Arbitrators[node.Name]
		if arbitrator.Err != nil {
			continue
		}
		state := "the members see it"
		switch why := seen.whyUnseen(node.Name); {
		case !arbitrator.Arbiter.Running() && arbitrator.Maintenance == tier.Stopped:
			state = "it is stopped"
		case !arbitrator.Arbiter.Running():
			state = "it does not run"
			health.Problem("%s", why)
		case why != "":
			state = "no member sees it"
			health.Problem("%s", why)
		}
		health.Nodes[node.Name] = tier.NodeHealth{Role: RoleArbitrator, State: state, Packages: arbitrator.Packages, Figures: map[string]float64{}}
	}
	for _, line := range seen.hindrances() {
		health.Problem("%s, so applications are refused there, wholly or for changes", line)
	}
	for _, name := range seen.names() {
		if days, known := health.Nodes[name].Figures[FigureCertificateDays]; known && days < certificateNotice {
			health.Problem("the certificate of %s is valid for %.0f days", name, days)
		}
	}
	health.Maintained(seen.maintained())
	return health
}

// rolesByMarker tells arbitrators by their markers where a spec does not: that of a data
// source names machines alone.
func rolesByMarker(spec Spec, status Status) (Spec, Status) {
	var nodes []host.Node
	for _, node := range spec.Nodes {
		if seen := status.Nodes[node.Name]; seen.Err == nil && seen.Marker.Detail[detailArbitrator] != "" {
			spec.Arbitrators = append(slices.Clone(spec.Arbitrators), node)
		} else {
			nodes = append(nodes, node)
		}
	}
	spec.Nodes = nodes
	return spec, status.byRole(spec)
}

// notServing says why a node that answers is no member that serves.
func (s Status) notServing(name string, nodes int) string {
	node := s.Nodes[name]
	why := ""
	switch role := node.role(); {
	case node.Maintenance == tier.Stopped && !node.occupied():
	case role == RoleJoiner:
		why = fmt.Sprintf("%s is joining: %s", name, node.serverState())
	case role == RoleOutside:
		why = fmt.Sprintf("%s is no member: %s", name, node.serverState())
	case role == RoleDonor && !s.backedUp(name):
		why = fmt.Sprintf("%s serves a state transfer", name)
	case node.Wsrep.Size > nodes:
		why = fmt.Sprintf("%s sees %d members, and %d nodes are declared", name, node.Wsrep.Size, nodes)
	}
	if why != "" && node.FailedTransfers > 0 {
		why += fmt.Sprintf("; %d state transfers to it have failed", node.FailedTransfers)
	}
	return why
}

func (s Status) nodeHealth(name string, now time.Time) tier.NodeHealth {
	node := s.Nodes[name]
	health := tier.NodeHealth{
		Role: node.role(), State: node.serverState(), Version: node.Wsrep.Version,
		Packages: node.Packages, Figures: map[string]float64{},
	}
	load := node.Wsrep.Load
	if load.Known && node.primary() {
		health.Figures[FigureReceiveQueue] = float64(load.ReceiveQueue)
		health.Figures[FigureFlowControlPaused] = load.FlowControlPaused
		if committed := node.Wsrep.Committed; committed >= 0 {
			health.Figures[FigureBehind] = float64(s.lastCommitted(node.Wsrep.UUID) - committed)
		}
	}
	if !load.CertificateEnds.IsZero() {
		health.Figures[FigureCertificateDays] = float64(int(load.CertificateEnds.Sub(now).Hours() / 24))
	}
	return health
}

// lastCommitted is the highest number that any member of a history has committed.
func (s Status) lastCommitted(uuid string) int64 {
	last := int64(0)
	for _, name := range s.where(NodeStatus.primary) {
		if wsrep := s.Nodes[name].Wsrep; wsrep.UUID == uuid {
			last = max(last, wsrep.Committed)
		}
	}
	return last
}

// Values of wsrep_local_state between a node's start and its being Synced.
const (
	joining = 1
	joined  = 3
)

func (n NodeStatus) role() string {
	switch {
	case n.Healthy():
		return RoleMember
	case n.desynced():
		return RoleDonor
	case n.primary() && (n.Wsrep.State == joining || n.Wsrep.State == joined):
		return RoleJoiner
	case !n.Wsrep.Answers && n.Unit.Active == "activating":
		// The server takes no question while it receives a state transfer.
		return RoleJoiner
	}
	return RoleOutside
}

// serverState is what the server says, or systemd where it does not answer.
func (n NodeStatus) serverState() string {
	switch {
	case !n.Wsrep.Answers && (n.Unit.Active == "" || n.Unit.Load == "not-found"):
		return "the server is not installed"
	case !n.Wsrep.Answers && n.Unit.Active == "active":
		return "the server does not answer"
	case !n.Wsrep.Answers:
		return "the server is " + n.Unit.Active
	case !n.Wsrep.On:
		return "replication is off"
	case n.Wsrep.Cluster != "Primary":
		return n.Wsrep.Cluster + ", " + n.Wsrep.Comment
	}
	return n.Wsrep.Comment
}
