package galera

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (s Spec) stepSQL(node, title, why, statements string) Step {
	return Step{Node: node, Title: title, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return s.runSQL(ctx, hosts[node], statements) }}
}

func (s Spec) runSQL(ctx context.Context, node *host.Host, statements string) error {
	engine := s.Flavor.engine()
	// What the server says near a fault in the syntax may be the hash of a password.
	// In binary mode the client takes nothing but SQL, and that as it is.
	_, err := node.Run(ctx, shell.Script(`: galera-sql
o=$("$1" --no-defaults --socket="$2" --default-character-set=utf8mb4 --binary-mode 2>&1 >/dev/null) && exit 0
printf '%s\n' "$o" | sed -n "s/ near '.*//; /^ERROR/{p;q}" >&2; exit 1`, engine.client, socketPath).WithStdin([]byte(engine.session()+statements)))
	return err
}

// stepCreateUser makes an account that is locked until its password is set. What is
// remembered of the password of an earlier account is forgotten first: a run that
// breaks off between the two would leave the new one locked for ever.
func (s Spec) stepCreateUser(node string, login Login, forget bool) Step {
	step := s.stepSQL(node, "create user "+login.String(), "user "+login.String()+" is missing", createUser(login))
	create := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if forget {
			if err := s.rememberEverywhere(ctx, hosts, login, 0); err != nil {
				return err
			}
		}
		return create(ctx, hosts)
	}
	return step
}

// rememberEverywhere gives every node that answers the record of a password that
// was set now, or of none with version 0.
func (s Spec) rememberEverywhere(ctx context.Context, hosts host.Hosts, login Login, version int64) error {
	record := PasswordRecord{Version: version, Set: time.Now().UnixNano()}
	for _, name := range hosts.Names() {
		if err := s.remember(ctx, hosts[name], login, record); err != nil && !host.IsUnreachable(err) {
			return err
		}
	}
	return nil
}

// stepPassword sets a password on one node, where it replicates, and then
// remembers its version on every node.
func (s Spec) stepPassword(node string, login Login, why string) Step {
	return Step{Node: node, Title: "set password of " + login.String(), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			u := s.accounts()[login]
			if u.Password == "" {
				return fmt.Errorf("no password is given for user %s; set users[%q].password_wo", login, login.Name)
			}
			if err := s.runSQL(ctx, hosts[node], setPassword(login, s.Flavor.identified(u.Password))); err != nil {
				return err
			}
			return s.rememberEverywhere(ctx, hosts, login, u.PasswordVersion)
		}}
}

// stepRemember gives a node the record that it missed. That is bookkeeping and no
// difference of the cluster, so there is nothing to tell.
func (s Spec) stepRemember(node string, login Login, record PasswordRecord) Step {
	return Step{Node: node, Title: "remember the version of the password of " + login.String(),
		Do: func(ctx context.Context, hosts host.Hosts) error { return s.remember(ctx, hosts[node], login, record) }}
}

// recordLimit is the time that a machine has to keep a record: all get it, also
// those that nothing else is asked of.
const recordLimit = 30 * time.Second

func (s Spec) remember(ctx context.Context, node *host.Host, login Login, record PasswordRecord) error {
	command := shell.Script(rememberVersion,
		s.versionsPath(), login.String(), strconv.FormatInt(record.Version, 10), strconv.FormatInt(record.Set, 10))
	_, err := node.Run(ctx, command.WithLimit(recordLimit))
	return err
}

// rememberVersion replaces one record and compares names as they are.
const rememberVersion shell.Text = `: galera-remember-password-version
set -e; umask 077; f=$1; t=$f.new
{ [ ! -e "$f" ] || while read -r user rest; do [ "$user" = "$2" ] || printf '%s %s\n' "$user" "$rest"; done <"$f"
printf '%s %s %s\n' "$2" "$3" "$4"; } >"$t"; mv -f "$t" "$f"`
