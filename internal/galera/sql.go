package galera

import (
	"fmt"
	"strings"
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

// literal returns s as an SQL string. The escapes are the ones that hold in every
// sql_mode but NO_BACKSLASH_ESCAPES, which [engine.session] takes out.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`).Replace(s) + "'"
}

// name returns s as an SQL identifier.
func name(s string) string {
	return "`" + strings.ReplaceAll(s, "`", "``") + "`"
}

func account(login Login) string { return literal(login.Name) + "@" + literal(login.Host) }

func accountQuery(user string) string {
	return "SELECT User, Host FROM mysql.user WHERE User = " + literal(user)
}

func grantsQuery(login Login) string { return "SHOW GRANTS FOR " + account(login) }

// countQuery is answered by every server that lets its accounts be read.
const countQuery = "SELECT COUNT(*) FROM mysql.user"

const schemasQuery = "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata"

// spellingQuery asks how the engine itself spells what is declared: an alias such
// as uca1400_ai_ci is answered with the name that it stands for. The row has four
// columns, which no row of schemas has.
func spellingQuery(schema string, database Database) string {
	charset, collation := database.Charset, "''"
	if charset == "" {
		charset, _, _ = strings.Cut(database.Collation, "_")
	}
	converted := "CONVERT('' USING " + charset + ")"
	if database.Collation != "" {
		collation = "COLLATION(" + converted + " COLLATE " + database.Collation + ")"
	}
	return fmt.Sprintf("SELECT 'spelled', %s, CHARSET(%s), %s", literal(schema), converted, collation)
}

func createDatabase(schema string, database Database) string {
	statement := "CREATE DATABASE IF NOT EXISTS " + name(schema)
	return statement + databaseOptions(database) + ";\n"
}

func alterDatabase(schema string, database Database) string {
	return "ALTER DATABASE " + name(schema) + databaseOptions(database) + ";\n"
}

func databaseOptions(database Database) string {
	options := ""
	if database.Charset != "" {
		options += " CHARACTER SET " + database.Charset
	}
	if database.Collation != "" {
		options += " COLLATE " + database.Collation
	}
	return options
}

// createUser makes an account that nobody can use until its password is set.
func createUser(login Login) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %s ACCOUNT LOCK;\n", account(login))
}

func setPassword(login Login, identified string) string {
	return fmt.Sprintf("ALTER USER %s %s ACCOUNT UNLOCK;\n", account(login), identified)
}

func dropUser(login Login) string { return fmt.Sprintf("DROP USER IF EXISTS %s;\n", account(login)) }

func createCheckAccount(engine engine) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %[1]s %[2]s;\nGRANT %[3]s ON *.* TO %[1]s;\n", account(checkLogin()), engine.bySocket, engine.alwaysConnects)
}

// objectSQL writes an object for GRANT and REVOKE. Its names are quoted here,
// whoever made them up.
func objectSQL(o Object) string {
	switch {
	case o.Schema == "" && o.Name == "":
		return "*.*"
	case o.Name == "":
		return name(o.Schema) + ".*"
	}
	return strings.TrimSpace(o.Kind + " " + name(o.Schema) + "." + name(o.Name))
}

// grantSQL grants privileges. The one to pass them on cannot stand beside ALL in
// the list.
func grantSQL(login Login, o Object, privileges []string) string {
	rest := without(privileges, []string{grantOption})
	with := ""
	if len(rest) < len(privileges) {
		with = " WITH " + grantOption
	}
	if len(rest) == 0 {
		rest = []string{"USAGE"}
	}
	return fmt.Sprintf("GRANT %s ON %s TO %s%s;\n", strings.Join(rest, ", "), objectSQL(o), account(login), with)
}

// revokeProxySQL takes the right to act as another account back on one node alone.
func revokeProxySQL(login, as Login) string {
	return "SET SESSION wsrep_on = OFF;\nREVOKE PROXY ON " + account(as) + " FROM " + account(login) + ";\n"
}

// revokeSQL takes privileges back, whose names are known ones.
func revokeSQL(login Login, o Object, privileges []string) string {
	statements := ""
	revoke := func(list []string) {
		if len(list) > 0 {
			statements += fmt.Sprintf("REVOKE %s ON %s FROM %s;\n", strings.Join(list, ", "), objectSQL(o), account(login))
		}
	}
	rest := without(privileges, []string{grantOption})
	revoke(without(privileges, rest))
	revoke(rest)
	if strings.HasPrefix(o.Kind, "PACKAGE") {
		// MariaDB knows packages in this mode alone, which reads names and strings
		// the same way.
		return "SET SESSION sql_mode = 'ORACLE';\n" + statements
	}
	return statements
}

func revokeColumnsSQL(login Login, o Object, columns ColumnGrant) string {
	quoted := make([]string, len(columns.Columns))
	for i, column := range columns.Columns {
		quoted[i] = name(column)
	}
	return fmt.Sprintf("REVOKE %s (%s) ON %s FROM %s;\n", columns.Privilege, strings.Join(quoted, ", "), objectSQL(o), account(login))
}
