package floatingip

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// scriptUser is the system user as which Keepalived runs a check.
const scriptUser = tier.CheckAccount

var userScript = shell.Embedded(scripts, "user")

func askAccounts(Spec, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("user", userScript, scriptUser)}}
}

func readAccounts(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.HasUser = answers.Parts.OK("user")
}

func planAccounts(d *draft) error {
	for _, node := range d.nodes() {
		if !d.machine(node).HasUser {
			d.prepare.On(node.Name, userStep(node.Name))
		}
	}
	return nil
}

func userStep(node string) Step {
	return step(node, "make the system user "+scriptUser, "the user "+scriptUser+" is missing", func(ctx context.Context, h *host.Host) error {
		return h.SystemUser(ctx, scriptUser)
	})
}
