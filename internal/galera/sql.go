package galera

import (
	"fmt"
	"strings"
)

// session is what every session of ours begins with.
func (e engine) session() string { return "SET SESSION sql_mode = " + literal(e.sqlMode) + ";\n" }

// literal returns s as an SQL string. The escapes are the ones that hold in every
// sql_mode but NO_BACKSLASH_ESCAPES, which [engine.session] takes out.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`).Replace(s) + "'"
}

// name returns s as an SQL identifier.
func name(s string) string {
	return "`" + strings.ReplaceAll(s, "`", "``") + "`"
}

func account(user, host string) string { return literal(user) + "@" + literal(host) }

func accountQuery(user string) string {
	return "SELECT User, Host FROM mysql.user WHERE User = " + literal(user)
}

func grantsQuery(user, host string) string {
	return "SHOW GRANTS FOR " + account(user, host)
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

func createUser(user string, u User) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %s;\n", account(user, u.Host))
}

func setPassword(user string, u User) string {
	return fmt.Sprintf("ALTER USER %s IDENTIFIED BY %s;\n", account(user, u.Host), literal(u.Password))
}

func createCheckAccount(engine engine) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %s %s;\n", account(checkAccount, "localhost"), engine.bySocket)
}

// objectSQL quotes "my_shop.*" as "`my\\_shop`.*": in the name of a whole schema,
// GRANT reads an underscore as any character.
func objectSQL(on string) string {
	schema, table, _ := strings.Cut(on, ".")
	if table == "*" {
		schema = strings.ReplaceAll(schema, "_", `\_`)
	}
	quote := func(part string) string {
		if part == "*" {
			return part
		}
		return name(part)
	}
	return quote(schema) + "." + quote(table)
}

// grantSQL grants privileges. The one to pass them on cannot stand beside ALL in
// the list.
func grantSQL(user string, u User, on string, privileges []string) string {
	rest := without(privileges, []string{grantOption})
	with := ""
	if len(rest) < len(privileges) {
		with = " WITH " + grantOption
	}
	if len(rest) == 0 {
		rest = []string{"USAGE"}
	}
	return fmt.Sprintf("GRANT %s ON %s TO %s%s;\n", strings.Join(rest, ", "), objectSQL(on), account(user, u.Host), with)
}

// revokeSQL takes privileges back from an object in the engine's own spelling.
func revokeSQL(user string, u User, object string, privileges []string) string {
	statements := ""
	revoke := func(list []string) {
		if len(list) > 0 {
			statements += fmt.Sprintf("REVOKE %s ON %s FROM %s;\n", strings.Join(list, ", "), object, account(user, u.Host))
		}
	}
	rest := without(privileges, []string{grantOption})
	revoke(without(privileges, rest))
	revoke(rest)
	return statements
}
