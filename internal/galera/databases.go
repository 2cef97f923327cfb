package galera

import (
	"fmt"
	"strings"
)

const schemasQuery = "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata"

// schemaQueries asks for all schemas, and for the engine's spelling of what is
// declared of some.
func (s Spec) schemaQueries() []string {
	queries := []string{schemasQuery}
	for _, schema := range sortedKeys(s.Databases) {
		if database := s.Databases[schema]; database != (Database{}) {
			queries = append(queries, spellingQuery(schema, database))
		}
	}
	return queries
}

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

// parseDatabases reads the schemas, and how the engine spells what is declared of
// some of them.
func parseDatabases(out string) (databases, spelled map[string]Database) {
	databases, spelled = map[string]Database{}, map[string]Database{}
	for line := range strings.Lines(out) {
		switch columns := columnsOf(line); {
		case len(columns) == 3:
			databases[columns[0]] = Database{Charset: columns[1], Collation: columns[2]}
		case len(columns) == 4 && columns[0] == "spelled":
			spelled[columns[1]] = Database{Charset: columns[2], Collation: columns[3]}
		}
	}
	return databases, spelled
}

func (s Spec) databaseSteps(on, schema string, seen NodeStatus) []Step {
	wanted := s.Databases[schema]
	kept := schema
	if seen.Wsrep.FoldsNames {
		kept = strings.ToLower(schema)
	}
	have, exists := seen.Databases[kept]
	spelled := seen.Spelled[schema]
	alter := func(why string) []Step {
		return []Step{s.stepSQL(on, "alter database "+schema, "database "+schema+" has "+why, alterDatabase(schema, wanted))}
	}
	switch {
	case !exists:
		return []Step{s.stepSQL(on, "create database "+schema, "database "+schema+" is missing", createDatabase(schema, wanted))}
	case wanted.Charset != "" && wanted.Charset != have.Charset && spelled.Charset != have.Charset:
		return alter("character set " + shown(have.Charset))
	case wanted.Collation != "" && !sameCollation(wanted.Collation, have) && spelled.Collation != have.Collation:
		return alter("collation " + shown(have.Collation))
	}
	return nil
}

// sameCollation reports whether a database has a collation, whose name may lack
// the character set (MariaDB manual, "Supported Character Sets and Collations").
func sameCollation(wanted string, have Database) bool {
	return wanted == have.Collation || have.Charset+"_"+wanted == have.Collation
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
