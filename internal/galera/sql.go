package galera

import (
	"fmt"
	"slices"
	"strings"
)

// literal returns s as an SQL string. The escapes are the ones that hold in every
// sql_mode but NO_BACKSLASH_ESCAPES, which our sessions do not set.
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
	how := strings.Replace(engine.socketPlugin, "WITH", "IDENTIFIED WITH", 1)
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %s %s;\n", account(checkAccount, "localhost"), how)
}

// objectSQL quotes "shop.*" as "`shop`.*".
func objectSQL(on string) string {
	schema, table, _ := strings.Cut(on, ".")
	quote := func(part string) string {
		if part == "*" {
			return part
		}
		return name(part)
	}
	return quote(schema) + "." + quote(table)
}

func grantSQL(user string, u User, on string, privileges []string) string {
	return fmt.Sprintf("GRANT %s ON %s TO %s;\n", strings.Join(privileges, ", "), objectSQL(on), account(user, u.Host))
}

func revokeSQL(user string, u User, on string, privileges []string) string {
	return fmt.Sprintf("REVOKE %s ON %s FROM %s;\n", strings.Join(privileges, ", "), objectSQL(on), account(user, u.Host))
}

// normalPrivileges returns privileges in one spelling and order.
func normalPrivileges(privileges []string) []string {
	var normal []string
	for _, p := range privileges {
		p = strings.Join(strings.Fields(strings.ToUpper(p)), " ")
		if p == "ALL" {
			p = "ALL PRIVILEGES"
		}
		if !slices.Contains(normal, p) {
			normal = append(normal, p)
		}
	}
	slices.Sort(normal)
	return normal
}
