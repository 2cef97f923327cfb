package gluster

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var glusterScript = shell.Embedded(scripts, "gluster")

// busyPatience is how long another transaction may hold the lock. glusterd
// drops a lock by itself after three minutes.
const busyPatience = 200 * time.Second

// gluster runs a command line and takes its verdict. A lock that another
// transaction holds is waited for.
func gluster(ctx context.Context, h *host.Host, words ...string) (cliOutput, error) {
	var output cliOutput
	err := reconcile.WaitAtMost(ctx, busyPatience, "the lock of the pool", time.Second, func(ctx context.Context) (string, error) {
		var err error
		output, err = glusterOnce(ctx, h, words...)
		var failed *CommandError
		if errors.As(err, &failed) && failed.Busy() {
			return failed.Said, nil
		}
		if err != nil {
			return "", reconcile.Stop(err)
		}
		return "", nil
	})
	return output, err
}

func glusterOnce(ctx context.Context, h *host.Host, words ...string) (cliOutput, error) {
	result, err := h.Run(ctx, shell.Script(glusterScript, words...))
	said := result.Stdout
	var exit *shell.ExitError
	if errors.As(err, &exit) {
		said = exit.Stdout
	} else if err != nil {
		return cliOutput{}, fmt.Errorf("cannot run gluster %s on %s: %w", strings.Join(words, " "), h.Name(), err)
	}
	// Errors are on standard output as well; what Python complains of is not.
	output, err := parseOutput(string(said))
	var failed *CommandError
	if errors.As(err, &failed) {
		failed.Args = words
	}
	return output, err
}

// transaction is [gluster] for what changes the whole pool: every peer has to be
// connected, or it hangs for two minutes and leaves its lock behind.
func transaction(ctx context.Context, h *host.Host, words ...string) error {
	status, err := gluster(ctx, h, "peer", "status")
	if err != nil {
		return err
	}
	for _, peer := range status.peers() {
		if !peer.Healthy() {
			return &reconcile.RefusedError{
				What: "run gluster " + strings.Join(words, " "), Node: h.Name(),
				Evidence: []string{peerProblem(strings.Join(peer.Names, " "), peer)},
				Remedy:   "Bring the peer back first.",
			}
		}
	}
	_, err = gluster(ctx, h, words...)
	return err
}

// CommandError says that the gluster command line reported a failure. Its exit
// status says nothing, so the verdict is the XML's.
type CommandError struct {
	// Args are the command's words.
	Args []string
	// Ret and Errno are opRet and opErrno; both 0 if there was no XML at all, as
	// after the two minutes in which a command times out.
	Ret, Errno int
	// Said is what the command said.
	Said string
}

// asCommandError returns the failure of a command that an error is.
func asCommandError(err error) (*CommandError, bool) {
	var failed *CommandError
	return failed, errors.As(err, &failed)
}

// Error gives the command and what it said.
func (e *CommandError) Error() string {
	said := e.Said
	if said == "" {
		said = fmt.Sprintf("opRet %d, opErrno %d", e.Ret, e.Errno)
	}
	if len(e.Args) == 0 {
		return "gluster: " + said
	}
	return fmt.Sprintf("gluster %s: %s", strings.Join(e.Args, " "), said)
}

// Busy reports whether another transaction held the pool's or the volume's lock.
// GlusterFS has no number for it, only these words (glusterd-locks.c,
// glusterd-handler.c).
func (e *CommandError) Busy() bool {
	return strings.Contains(e.Said, "Another transaction is in progress") || strings.Contains(e.Said, "Locking failed on")
}

// cliOutput is the answer to any command (cli/src/cli-xml-output.c).
type cliOutput struct {
	XMLName xml.Name    `xml:"cliOutput"`
	Ret     *int        `xml:"opRet"`
	Errno   int         `xml:"opErrno"`
	Errstr  string      `xml:"opErrstr"`
	Peers   []xmlPeer   `xml:"peerStatus>peer"`
	Volumes []xmlVolume `xml:"volInfo>volumes>volume"`
	Heal    []xmlHeal   `xml:"healInfo>bricks>brick"`
	Created string      `xml:"volCreate>volume>id"`
	// Clients are those of each brick.
	Clients []xmlClients `xml:"volStatus>volumes>volume>node"`
	// Rebalance and Removal are tasks that move files between sets.
	Rebalance xmlTask `xml:"volRebalance"`
	Removal   xmlTask `xml:"volRemoveBrick"`
}

type xmlPeer struct {
	UUID      string   `xml:"uuid"`
	Name      string   `xml:"hostname"`
	Names     []string `xml:"hostnames>hostname"`
	Connected int      `xml:"connected"`
	State     int      `xml:"state"`
	StateName string   `xml:"stateStr"`
}

type xmlVolume struct {
	Name       string `xml:"name"`
	ID         string `xml:"id"`
	State      int    `xml:"status"`
	StateName  string `xml:"statusStr"`
	Replica    int    `xml:"replicaCount"`
	Arbiter    int    `xml:"arbiterCount"`
	Disperse   int    `xml:"disperseCount"`
	Redundancy int    `xml:"redundancyCount"`
	Bricks     []struct {
		Name     string `xml:"name"`
		HostUUID string `xml:"hostUuid"`
		Arbiter  int    `xml:"isArbiter"`
	} `xml:"bricks>brick"`
	Options []struct {
		Name  string `xml:"name"`
		Value string `xml:"value"`
	} `xml:"options>option"`
}

type xmlHeal struct {
	Name    string `xml:"name"`
	State   string `xml:"status"`
	Pending int    `xml:"numberOfEntriesInHealPending"`
	// Healing counts entries that a heal has locked, which Pending does not count: a
	// large file that is copied last is only among these.
	Healing    int `xml:"numberOfEntriesPossiblyHealing"`
	SplitBrain int `xml:"numberOfEntriesInSplitBrain"`
	// Files are the entries, where they are listed and not counted.
	Files []struct {
		ID   string `xml:"gfid,attr"`
		Path string `xml:",chardata"`
	} `xml:"file"`
}

// xmlBegin is how every answer begins.
const xmlBegin = "<?xml"

// parseOutputs reads the answers to so many commands of one session, as one.
func parseOutputs(text string, count int) (cliOutput, error) {
	var all cliOutput
	answers := strings.Split(text, xmlBegin)
	for _, answer := range answers[1:] {
		output, err := parseOutput(xmlBegin + answer)
		if err != nil {
			return cliOutput{}, err
		}
		all.Peers = append(all.Peers, output.Peers...)
		all.Volumes = append(all.Volumes, output.Volumes...)
	}
	if len(answers)-1 < count {
		_, err := parseOutput(answers[0])
		return cliOutput{}, err
	}
	return all, nil
}

// parseOutput reads the answer to a command and takes its verdict. The answer
// may start with messages; without XML it is a failure whatever else it is.
func parseOutput(text string) (cliOutput, error) {
	start := strings.Index(text, xmlBegin)
	if start < 0 {
		said := strings.TrimSpace(text)
		if said == "" {
			said = "it gave no answer"
		}
		return cliOutput{}, &CommandError{Said: said}
	}
	var output cliOutput
	if err := xml.Unmarshal([]byte(text[start:]), &output); err != nil {
		return cliOutput{}, fmt.Errorf("cannot read the answer of gluster: %w", err)
	}
	if output.Ret == nil {
		return cliOutput{}, &CommandError{Said: "the answer has no opRet"}
	}
	// Failures are -1 and, for some commands, 1.
	if *output.Ret != 0 {
		return output, &CommandError{Ret: *output.Ret, Errno: output.Errno, Said: strings.TrimSpace(output.Errstr)}
	}
	return output, nil
}

func (o cliOutput) peers() []Peer {
	var peers []Peer
	for _, p := range o.Peers {
		names := p.Names
		if len(names) == 0 {
			names = []string{p.Name}
		}
		peers = append(peers, Peer{UUID: p.UUID, Names: names, Connected: p.Connected == 1, State: p.State, StateName: p.StateName})
	}
	return peers
}

func (o cliOutput) volumes() []Volume {
	var volumes []Volume
	for _, v := range o.Volumes {
		volume := Volume{
			Name: v.Name, ID: v.ID, State: v.State, StateName: v.StateName,
			Replica: v.Replica, Arbiter: v.Arbiter, Disperse: v.Disperse, Redundancy: v.Redundancy,
			Options: map[string]string{},
		}
		for _, b := range v.Bricks {
			volume.Bricks = append(volume.Bricks, VolumeBrick{Name: b.Name, HostUUID: b.HostUUID, Arbiter: b.Arbiter == 1})
		}
		for _, option := range v.Options {
			volume.Options[option.Name] = option.Value
		}
		volumes = append(volumes, volume)
	}
	return volumes
}

func (o cliOutput) heal() []BrickHeal {
	var bricks []BrickHeal
	for _, b := range o.Heal {
		bricks = append(bricks, BrickHeal{
			Name: b.Name, State: b.State, Connected: b.State == "Connected", Pending: b.Pending + b.Healing, SplitBrain: b.SplitBrain,
		})
	}
	return bricks
}
