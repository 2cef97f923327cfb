package webtier

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// pendingDirectory has a file for every service whose configuration was written
// and not loaded. It is in memory, because a boot loads what is on disk.
const pendingDirectory = "/run/terraform-ha/web-pending"

func askPending(Spec, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("pending", `: web-pending
for f in "$1"/*; do [ ! -e "$f" ] || printf '%s\n' "${f##*/}"; done`, pendingDirectory)}}
}

func readPending(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Pending = answers.Parts.Lines("pending")
}

// transaction is the shell that both configurations share: put files in place,
// keep what was there, and put it back when the service refuses them. The pending
// mark makes the next run load what an interrupted one has only written.
//
// Contents come on standard input, a line of base64 for each file: a setting may be
// secret, and a command line is for everybody on the machine to read.
const transaction = `set -u; umask 022
pending=$1/$2; count=$3; shift 3
mkdir -p "${pending%/*}" && : >"$pending" || exit 1
b=$(mktemp -d) || exit 1
trap 'rm -rf "$b"' EXIT
n=0
while [ "$n" -lt "$count" ]; do
n=$((n + 1)); f=$1; shift
read -r content || exit 1
printf %s "$f" >"$b/$n.path"
[ ! -e "$f" ] || cp -p -- "$f" "$b/$n.old"
mkdir -p -- "${f%/*}"
printf %s "$content" | base64 -d >"$f.terraform-ha-new" && chmod 0644 "$f.terraform-ha-new" && chown root:root "$f.terraform-ha-new" && mv -f -- "$f.terraform-ha-new" "$f" || exit 1
done
files_back() {
while [ "$n" -gt 0 ]; do
f=$(cat "$b/$n.path")
if [ -e "$b/$n.old" ]; then cp -p -- "$b/$n.old" "$f"; else rm -f -- "$f"; fi
n=$((n - 1))
done
}
`

// configure returns the command of one of the scripts that begin with [transaction].
func configure(script shell.Text, service string, files []host.File, more ...string) shell.Command {
	args := []string{pendingDirectory, service, fmt.Sprint(len(files))}
	var contents strings.Builder
	for _, file := range files {
		args = append(args, file.Path)
		contents.WriteString(base64.StdEncoding.EncodeToString(file.Content) + "\n")
	}
	return shell.Script(script, append(args, more...)...).WithStdin([]byte(contents.String()))
}

// startService starts a unit that may have given up starting.
func startService(ctx context.Context, h *host.Host, unit string) error {
	if err := run(ctx, h, "reset "+unit, shell.Script(`: web-reset-failed
systemctl reset-failed -- "$1" 2>/dev/null; :`, unit)); err != nil {
		return err
	}
	if err := h.EnableUnit(ctx, unit); err != nil {
		return err
	}
	return h.StartUnit(ctx, unit)
}
