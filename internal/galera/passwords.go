package galera

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// PasswordRecord says which version of a password was set, and when.
type PasswordRecord struct {
	Version int64
	// Set is in nanoseconds since 1970, by the clock of the one who set it.
	Set int64
}

// versionsPath is the file that remembers which version of each password is set.
func (s Spec) versionsPath() string {
	return strings.TrimSuffix(s.marker().Path, ".json") + ".passwords"
}

func parsePasswords(out string) map[string]PasswordRecord {
	records := map[string]PasswordRecord{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		version, errVersion := strconv.ParseInt(fields[1], 10, 64)
		set, errSet := strconv.ParseInt(fields[2], 10, 64)
		if errVersion == nil && errSet == nil {
			records[fields[0]] = PasswordRecord{Version: version, Set: set}
		}
	}
	return records
}

// password returns the record of the password that was last set. A node that was
// down then has an older one, so the newest counts.
func (s Status) password(login Login) PasswordRecord {
	var newest PasswordRecord
	for _, name := range s.names() {
		if record, found := s.Nodes[name].Passwords[login.String()]; found && record.Set > newest.Set {
			newest = record
		}
	}
	return newest
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

func setPassword(login Login, identified string) string {
	return fmt.Sprintf("ALTER USER %s %s ACCOUNT UNLOCK;\n", account(login), identified)
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
