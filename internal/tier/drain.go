package tier

import (
	"context"
	"embed"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

//go:embed scripts/*.sh
var scripts embed.FS

// DrainFile makes the health check of every floating IP on a machine fail for as
// long as it exists, so that the machine gives its addresses away. It does not
// outlive a boot.
const DrainFile = "/run/terraform-ha/drain"

// YieldProgram is what the unit of a service that floating addresses lead to runs, where it
// exists: with "stopping" before its server is stopped, with "stopped" when it has ended,
// however it did, and with "started" when it serves. With the first two the machine gives its
// addresses away at once, without the time that a check takes. What drains the machine runs it
// with "draining" and "drained". Before an orderly move it waits until requests have ended.
const YieldProgram = host.ProgramDirectory + "/keepalived-yield"

// DatabaseGoneFile is what [YieldProgram] writes and Keepalived reads, whatever the checks
// say: while it is there and does not say 0, a machine takes no address of a database.
const DatabaseGoneFile = "/run/terraform-ha/vrrp/database.gone"

// CheckAccount is the system user that runs the health checks of floating IPs, and
// the account of a database that lets this user in without a password.
const CheckAccount = "keepalived_script"

// DrainMark is what [DrainFile] says while a change of a cluster has drained the
// machine. A file that says anything else is an operator's, and stays.
func DrainMark(kind, cluster string) string {
	return "a change of " + kind + " " + cluster + " by terraform-provider-ha"
}

var (
	drainScript   = shell.Embedded(scripts, "drain")
	returnScript  = shell.Embedded(scripts, "return")
	drainedScript = shell.Embedded(scripts, "drained")
)

// AskDrained returns the question whether the machine is drained with this mark. The
// answer is empty if it is not.
func AskDrained(name, mark string) shell.Part {
	return shell.Ask(name, drainedScript, DrainFile, mark)
}

// Drain has a machine give its floating addresses away and waits until they are gone,
// for as long as their holders say that it may take. If nobody else takes them Drain
// returns all the same: the check of every other machine may fail too.
func Drain(ctx context.Context, machine *host.Host, mark string) error {
	_, err := machine.Run(ctx, shell.Script(drainScript, DrainFile, mark, host.MarkerDirectory, YieldProgram))
	return err
}

// Return ends what [Drain] began, unless the machine was drained by somebody else.
func Return(ctx context.Context, machine *host.Host, mark string) error {
	_, err := machine.Run(ctx, Returning(mark))
	return err
}

// Returning is the command by which a machine does what [Return] does.
func Returning(mark string) shell.Command {
	return shell.Script(returnScript, DrainFile, mark, YieldProgram)
}
