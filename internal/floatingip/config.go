package floatingip

import (
	"bytes"
	"context"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const mainPath = "/etc/keepalived/keepalived.conf"

func instancePath(name string) string { return "/etc/keepalived/conf.d/terraform-ha-" + name + ".conf" }

// mainFile is the configuration that includes those of all floating IPs.
func mainFile() host.File {
	return host.File{Path: mainPath, Content: fill("keepalived.conf.tmpl", nil), Mode: "0644"}
}

// instanceValues are what the configuration of a node is filled with.
type instanceValues struct {
	Spec
	NodeAddress, Interface string
	Priority               int
	Peers                  []string
	Checked                bool
	// Pushed says that the unit of the database tells of its end.
	Pushed              bool
	CheckPath, RolePath string
	RankSeconds         int
}

// instanceFile is Keepalived's configuration of this address on this node. It
// may hold the secret.
func instanceFile(s Spec, node host.Node, networkInterface string) host.File {
	return host.File{Path: instancePath(s.Name), Mode: "0600", Content: fill("instance.conf.tmpl", instanceValues{
		Spec: s, NodeAddress: node.Address, Interface: networkInterface,
		Priority: s.priority(node.Name), Peers: s.peersOf(node.Name),
		Checked: s.checked(node.Name), Pushed: s.checked(node.Name) && s.Check.Kind == CheckGalera, CheckPath: checkPath(s.Name),
		RolePath: rolePath(s.Name), RankSeconds: rankSeconds,
	})}
}

func (d *draft) instanceFile(node host.Node) host.File {
	return instanceFile(d.group, node, d.interfaceOf(node))
}

// sentBy is the digest of the part of an instance's file that all machines have to
// agree on, with each its own addresses and priority. What comes before it, the
// check, is each machine's own business.
func sentBy(instance host.File) string {
	_, after, _ := bytes.Cut(instance.Content, []byte("\nvrrp_instance "))
	return host.Digest(append([]byte("vrrp_instance "), after...))
}

var (
	sentScript = shell.Embedded(scripts, "sent")
	readScript = shell.Embedded(scripts, "read")
	loadScript = shell.Embedded(scripts, "load")
)

func askSent(instance string) []shell.Part {
	return []shell.Part{shell.Ask("sent", sentScript, instance), shell.Ask("read", readScript)}
}

func parseSent(answers shell.Answers) (sent string, stale bool) {
	return strings.TrimSuffix(answers["sent"].Out, "  -"), answers["read"].Out == "stale"
}

func askConfig(spec Spec, _ string) tier.Questions {
	instance := instancePath(spec.Name)
	return tier.Questions{Files: []string{mainPath, instance}, Parts: askSent(instance)}
}

func readConfig(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Sent, seen.ReadStale = parseSent(answers.Parts)
}

// changesWhatIsSent returns the difference of a node's instance if a change of it would
// keep the node from hearing those that are not changed.
func (d *draft) changesWhatIsSent(node host.Node) string {
	machine, file := d.machine(node), d.instanceFile(node)
	if !machine.Files[file.Path].Exists || machine.Sent == sentBy(file) {
		return ""
	}
	return file.Difference(machine.Files[file.Path])
}

// verb is what happens to Keepalived after its files are in place; the stronger
// one includes the weaker.
type verb int

const (
	nothing verb = iota
	// keep lets it run as it runs.
	keep
	reload
	// restart starts it if it does not run.
	restart
)

func (v verb) String() string {
	return [...]string{"nothing", "keep", "reload", "restart"}[v]
}

// change is what Keepalived of one node has to be told.
type change struct {
	node    host.Node
	files   []host.File
	verb    verb
	reasons []string
	// record is what to write right before the restart that the user asks for.
	record *host.File
	// instance says that the file of the floating IP itself differs.
	instance bool
	// system is what is due of the machine's system.
	system tier.DueOS
}

func (c *change) note(least verb, reason string) {
	c.verb = max(c.verb, least)
	c.reasons = append(c.reasons, reason)
}

// change returns how Keepalived comes to run with what is declared. Its verb is nothing
// where it does.
func (d *draft) change(node host.Node) change {
	main, instance := mainFile(), d.instanceFile(node)
	machine := d.machine(node)
	c := change{node: node, files: []host.File{main, instance}}
	if difference := main.Difference(machine.Files[main.Path]); difference != "" {
		// Machines that send something else do not hear each other, so they load that
		// together and not one after the other. A reload reads this file as well.
		least := restart
		if machine.Unit.Running() && d.changesWhatIsSent(node) != "" {
			least = reload
		}
		c.note(least, difference)
	}
	if difference := instance.Difference(machine.Files[instance.Path]); difference != "" {
		c.instance = true
		c.note(reload, difference)
	}
	if machine.ReadStale && len(c.reasons) == 0 {
		c.instance = true
		c.note(reload, "keepalived has not read its configuration since it changed")
	}
	c.compareUnit(machine)
	c.compareTrigger(d.spec, machine)
	return c
}

// step tests the configuration, puts it in place and has Keepalived read it. Where it
// cannot, it runs on with the files of before.
func (c change) step() Step { return c.loading("put-back") }

// loading is [change.step] that says whether the files of before are put back.
func (c change) loading(failed string) Step {
	title := map[verb]string{
		keep:    "tell systemd about keepalived",
		reload:  "reload keepalived",
		restart: "restart keepalived",
	}[c.verb]
	load := shell.Script(loadScript, c.verb.String(), failed).WithStdin(host.EncodeFiles(c.files...))
	loads := step(c.node.Name, title, strings.Join(c.reasons, ", "), func(ctx context.Context, h *host.Host) error {
		if c.record != nil {
			if err := h.WriteFile(ctx, *c.record); err != nil {
				return err
			}
		}
		_, err := h.Run(ctx, load)
		return err
	})
	loads.Effect = map[verb]reconcile.Effect{reload: reconcile.Reloads, restart: reconcile.Restarts}[c.verb]
	return loads
}
