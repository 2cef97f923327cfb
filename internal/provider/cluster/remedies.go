package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// remedy is what to do about errors of one kind: the attribute of each node, and a text
// with one %s for all of them.
type remedy struct {
	paths [][]string
	text  string
}

// remedies says what a user can do about an error, and which attribute it is about;
// nil where that is not one alone.
func remedies(paths pathFinder, err error) (at []string, next []string) {
	var found []remedy
	for _, cause := range causes(err) {
		path, text := cure(cause)
		if at == nil {
			at = path
		} else if path != nil && !slices.Equal(at, path) {
			at = []string{path[0]}
		}
		if text == "" {
			continue
		}
		i := slices.IndexFunc(found, func(r remedy) bool { return r.text == text })
		if i < 0 {
			found = append(found, remedy{text: text})
			i = len(found) - 1
		}
		if path != nil {
			found[i].paths = append(found[i].paths, path)
		}
	}
	for _, r := range found {
		next = append(next, r.naming(paths))
	}
	return at, next
}

// naming names the attributes in the text.
func (r remedy) naming(paths pathFinder) string {
	if !strings.Contains(r.text, "%s") {
		return r.text
	}
	var names []string
	for _, elements := range r.paths {
		names = append(names, paths.find(elements).String())
	}
	if len(names) == 0 {
		names = []string{"ssh.bastions in the provider block"}
	}
	all := strings.Join(names, ", ")
	if last := len(names) - 1; last > 0 {
		all = strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return fmt.Sprintf(r.text, all)
}

// causes are the innermost errors that a cure is known for, and where there is none
// the outermost that names a node.
func causes(err error) []error {
	switch e := err.(type) { //nolint:errorlint // the tree of errors is walked here
	case nil:
		return nil
	case *ssh.UnreachableError, *ssh.AuthError, *ssh.HostKeyError, *ssh.SudoError, *ssh.LoginShellError,
		*host.SupportError, tier.CurableError:
		return []error{err}
	case *reconcile.RefusedError:
		if len(e.Causes) > 0 {
			return causes(errors.Join(e.Causes...))
		}
		return []error{err}
	case interface{ Unwrap() []error }:
		var all []error
		for _, inner := range e.Unwrap() {
			all = append(all, causes(inner)...)
		}
		return all
	}
	if inner := causes(errors.Unwrap(err)); len(inner) > 0 {
		return inner
	}
	switch err.(type) { //nolint:errorlint // as above
	case *host.PackagesError, *host.UpdatesError, *reconcile.StepError:
		return []error{err}
	}
	return nil
}

// cure is the attribute that an error is about, nil for none of the resource's, and
// what to do.
func cure(err error) (at []string, next string) {
	switch e := err.(type) { //nolint:errorlint // causes has unwrapped it
	case *ssh.UnreachableError:
		return ofNode(e.Node, "host"), reachCures[e.Cause()]
	case *ssh.AuthError:
		if isBastion(e.Node) {
			return nil, "Correct user and private_key of the bastion in ssh.bastions in the provider block, which are those of ssh where they are left out, or add the public key there."
		}
		if e.Err != nil {
			return ofNode(e.Node, "user"), "The keys are ssh.private_key and ssh.certificate in the provider block, and those of an agent where ssh.agent is true; " + authCure
		}
		return ofNode(e.Node, "user"), "That user has none of these keys in its authorized_keys there: add the public key, or correct ssh.private_key in the provider block (HA_SSH_PRIVATE_KEY); " + authCure
	case *ssh.HostKeyError:
		if isBastion(e.Node) {
			return nil, "Compare the key with the one on the bastion's console, and then set its host_key in ssh.bastions in the provider block or add the key to ssh.known_hosts there. ssh.host_key_policy = \"accept-new\" does not apply to bastions."
		}
		if len(e.Expected) > 0 {
			return ofNode(e.Node, "host_key"), "If you do not know why the key changed, somebody else may answer at that address: do not go on. If the machine was rebuilt, set the new key in %s or add it to ssh.known_hosts in the provider block."
		}
		return ofNode(e.Node, "host_key"), "Compare the key with the one on the machine's console, and then set %s or add the key to ssh.known_hosts in the provider block. ssh.host_key_policy = \"accept-new\" accepts the first key of a node without a known one."
	case *ssh.SudoError:
		return ofNode(e.Node, "user"), "The user is %s, or else ssh.user in the provider block (HA_SSH_USER); root needs neither sudo nor that line."
	case *ssh.LoginShellError:
		return ofNode(e.Node, "user"), "Correct the user, which is %s, or else ssh.user in the provider block (HA_SSH_USER), or give it such a shell there."
	case *host.PackagesError:
		return ofNode(e.Node), "This is the output of the machine's package manager, which needs access to its mirrors over HTTP or HTTPS, free disk space, a correct clock, and no other running apt. To reproduce the error there, run: apt-get update; apt-get install " + strings.Join(e.Packages, " ")
	case *host.UpdatesError:
		return ofNode(e.Node), "This is the output of the machine's package manager, which needs access to all archives in /etc/apt/sources.list and /etc/apt/sources.list.d, free disk space, a correct clock, and no other running apt. To reproduce an error of an archive there, run: apt-get update"
	case *host.SupportError:
		return ofNode(e.Node), "Choose an image of Debian or Ubuntu for the machine."
	case tier.CurableError:
		return e.Cure()
	case *reconcile.RefusedError:
		if len(e.Path) > 0 {
			return e.Path, ""
		}
		return ofNode(e.Node), ""
	case *reconcile.StepError:
		return ofNode(e.Node), ""
	}
	return nil, ""
}

const authCure = "the user is %s, or else ssh.user there (HA_SSH_USER)."

// reachCures are for machines that cannot be reached, by the reason. What the network
// said comes before them.
var reachCures = map[ssh.Cause]string{
	ssh.UnknownName:   "The name is not known on this computer, which runs Terraform: correct %s, or write the IP address.",
	ssh.Refused:       "The machine is there, and nothing listens at that port or a packet filter rejects the connection: correct %s or the port beside it, whose default is ssh.port in the provider block, and see that sshd runs there.",
	ssh.NoAnswer:      "Nothing answered: correct %s, and see that the machine runs and that no packet filter, such as a Cloud Firewall, keeps this computer from its SSH port. Machines that only a private network reaches need ssh.bastions in the provider block.",
	ssh.NoRoute:       "This computer has no way to that address: correct %s, or go through ssh.bastions in the provider block.",
	ssh.Ended:         "Something took the connection and ended it: an sshd that turns this computer away (MaxStartups, fail2ban) or only starts, or no sshd: correct %s or the port beside it, and look at sshd's log on the machine.",
	ssh.NotForwarded:  "The bastion has to allow forwarding (AllowTcpForwarding and PermitOpen in its sshd_config), or another one belongs into ssh.bastions in the provider block.",
	ssh.BehindBastion: "The bastion could not connect: correct %s, which is the name or address as the last of ssh.bastions knows it, or the port beside it.",
	ssh.Unexplained:   "Correct %s if it is wrong, and look at sshd's log on the machine.",
}

func isBastion(node string) bool { return strings.HasPrefix(node, bastionLabel) }

// ofNode leads to an attribute of a node. A bastion is none.
func ofNode(node string, attribute ...string) []string {
	if node == "" || isBastion(node) {
		return nil
	}
	return append([]string{"nodes", node}, attribute...)
}

// bastionLabel begins the names of bastions in messages.
const bastionLabel = "bastion "

// BastionName is what a bastion is called in messages.
func BastionName(host string) string { return bastionLabel + host }
