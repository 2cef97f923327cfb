// Command lab runs a Linode region on this computer.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

const usage = `A Linode region on this computer.

  lab preflight [12|13|all]
                           install and start the Docker engine, build the images of a release of Debian
  lab up                   start the region: its network and its API
  lab serve                be the API in the foreground ("lab up" runs this)
  lab env                  print what Terraform needs to know, as shell exports
  lab ps                   list machines, balancers, and leftovers
  lab ssh NAME [COMMAND]   open a root shell in a machine, or run a command
  lab logs NAME [UNIT]     show a machine's journal; "lab logs api" the API's log
  lab fault KIND NAME ...  break something ("lab fault" lists the kinds)
  lab updates NAME ...     offer updates of packages on machines, for os of the resources
  lab demo VERB            the example site: up, url, plan, status, pages
  lab drill VERB ...       break one thing at a time under traffic ("lab drill" says more)
  lab down                 remove everything that this lab has made
  lab list                 print the names of all labs that have something in the engine
  lab terraform            print the path of a Terraform or OpenTofu, after building OpenTofu if there is neither
  lab opentofu             print the path of an OpenTofu, after building it if there is none

Options, before the verb's arguments:
  -state FOLDER   the lab's folder; LAB_STATE; default .lab at the repository's root
  -name NAME      the lab's name; LAB_NAME; default made from the folder's path

Variables of the environment:
  LAB_STATE            the lab's folder, where -state is not given
  LAB_NAME             the lab's name, where -name is not given
  LAB_TERRAFORM        the Terraform or OpenTofu to use; default the one in PATH, else one that is built
  LAB_LINODE_PROVIDER  path of Linode's own provider, "registry" for its current version, or "stand-in"; default the
                       newest one that is installed where Terraform looks first, else the stand-in
  LAB_DEBIAN           release of Debian of a new lab, its site and the machines of tests: 12 or 13
  LAB_DEBIAN_MIRROR    the mirror of Debian to build images from; default the one that apt here knows
  LAB_KEEP             1 lets some tests leave their machines for a look

A NAME is a machine's label, or its end where that is unique: db1 for website-db1.
`

// command is what every verb has at hand.
type command struct {
	client docker.CLI
	folder region.Folder
	args   []string
	stdout io.Writer
	stderr io.Writer
}

// verbs are the lab's verbs by name.
func verbs() map[string]func(context.Context, command) error {
	return map[string]func(context.Context, command) error{
		"preflight": preflight, "up": up, "serve": serve, "env": env, "ps": ps,
		"ssh": ssh, "logs": logs, "fault": fault, "updates": updates, "demo": demoVerb, "drill": drillVerb, "down": down,
		"list": list, "terraform": terraform, "opentofu": opentofu,
	}
}

// usageError is a command line that nobody can obey.
type usageError string

func (e usageError) Error() string { return string(e) }

// verbUsageError is how a verb is used that was used in another way.
type verbUsageError string

func (e verbUsageError) Error() string { return string(e) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run obeys one command line and returns the exit status.
func run(ctx context.Context, args []string) int {
	err := dispatch(ctx, args)
	var wrong usageError
	var wrongVerb verbUsageError
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(os.Stdout, usage)
		return 0
	case errors.As(err, &wrongVerb):
		fmt.Fprintln(os.Stderr, err)
		return 2
	case errors.As(err, &wrong):
		fmt.Fprintf(os.Stderr, "lab: %v\n\n%s", err, usage)
		return 2
	case errors.As(err, &failed) && failed.ExitCode() > 0:
		// A program that this one stands for: ssh, terraform.
		if !errors.Is(err, errSilent) {
			fmt.Fprintf(os.Stderr, "lab: %v\n", err)
		}
		return failed.ExitCode()
	}
	fmt.Fprintf(os.Stderr, "lab: %v\n", err)
	return 1
}

// errSilent marks the failure of a program that has said itself what is wrong.
var errSilent = errors.New("the program has failed")

func dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return flag.ErrHelp
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		return flag.ErrHelp
	}
	verb, found := verbs()[args[0]]
	if !found {
		return usageError(fmt.Sprintf("there is no verb %q", args[0]))
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	state := flags.String("state", os.Getenv("LAB_STATE"), "")
	name := flags.String("name", os.Getenv("LAB_NAME"), "")
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError(err.Error())
	}
	folder, err := findFolder(*state, *name)
	if err != nil {
		return err
	}
	return verb(ctx, command{folder: folder, args: flags.Args(), stdout: os.Stdout, stderr: os.Stderr})
}
