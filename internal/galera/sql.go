package galera

import (
	"context"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// session is what every session of ours begins with: what somebody set for all
// sessions must change neither what our statements mean nor what is answered, let
// a question wait, or keep a change on one node. Each is a statement of its own,
// for a server that does not know one of them.
func (e engine) session() string {
	return "SET SESSION sql_mode = " + literal(e.sqlMode) + ";\n" +
		"SET SESSION wsrep_sync_wait = 0;\n" +
		"SET SESSION wsrep_OSU_method = 'TOI';\n" +
		"SET SESSION sql_quote_show_create = 1;\n" +
		"SET SESSION sql_select_limit = 18446744073709551615;\n" +
		"SET SESSION TRANSACTION READ WRITE;\n"
}

// reading is what a session begins with that only asks. A node that refuses
// queries, or is outside of the Primary component, answers those that allow for
// old data ("wsrep_dirty_reads" and "wsrep_reject_queries" in both manuals).
func (e engine) reading() string { return e.session() + "SET SESSION wsrep_dirty_reads = 1;\n" }

// escapedSQL has the escapes that hold in every sql_mode but NO_BACKSLASH_ESCAPES,
// which [engine.session] takes out.
var escapedSQL = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`)

// literal returns s as an SQL string.
func literal(s string) string { return "'" + escapedSQL.Replace(s) + "'" }

// name returns s as an SQL identifier.
func name(s string) string {
	return "`" + strings.ReplaceAll(s, "`", "``") + "`"
}

func account(login Login) string { return literal(login.Name) + "@" + literal(login.Host) }

func stepSQL(engine engine, node, title, why, statements string) Step {
	return Step{Node: node, Title: title, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return runSQL(ctx, hosts[node], engine, statements)
		}}
}

var sqlScript = shell.Embedded(scripts, "sql")

func runSQL(ctx context.Context, node *host.Host, engine engine, statements string) error {
	_, err := node.Run(ctx, shell.Script(sqlScript, engine.client, socketPath).WithStdin([]byte(engine.session()+statements)))
	return err
}
