package galera

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	// A MySQL identifier could hold more; these are the ones that nothing along
	// the way reads as more than a name.
	identifier = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_$-]{0,63}$`)
	charset    = regexp.MustCompile(`^[a-z0-9_]{0,64}$`)
)

func validateDatabases(spec Spec, problems *tier.Problems) {
	for _, name := range sortedKeys(spec.Databases) {
		database := spec.Databases[name]
		switch {
		case !identifier.MatchString(name):
			problems.Add(tier.At("databases", name), "a database's name has 1 to 64 letters, digits, underscores, dollar signs and hyphens")
		case slices.Contains(systemSchemas, strings.ToLower(name)):
			problems.Add(tier.At("databases", name), "%s is a schema of the engine itself", name)
		}
		// The engine answers with the name that an alias stands for, which changes
		// between its versions.
		switch {
		case !charset.MatchString(database.Charset):
			problems.Add(tier.At("databases", name, "charset"), "%q is not the name of a character set, such as utf8mb4", database.Charset)
		case database.Charset == "utf8":
			problems.Add(tier.At("databases", name, "charset"), "utf8 stands for different character sets in different versions; use utf8mb4")
		}
		switch {
		case !charset.MatchString(database.Collation):
			problems.Add(tier.At("databases", name, "collation"), "%q is not the name of a collation, such as utf8mb4_unicode_ci", database.Collation)
		case strings.HasPrefix(database.Collation, "utf8_"):
			problems.Add(tier.At("databases", name, "collation"), "utf8 stands for different character sets in different versions; use a collation of utf8mb4")
		}
	}
}

const schemasQuery = "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata"

var schemasScript = shell.Embedded(scripts, "schemas")

func askDatabases(spec Spec, _ string) tier.Questions {
	engine := spec.engine()
	args := append([]string{engine.client, socketPath, engine.reading()}, schemaQueries(spec.Databases)...)
	return tier.Questions{Parts: []shell.Part{shell.Ask("schemas", schemasScript, args...)}}
}

// readDatabases reads nothing where no server answers.
func readDatabases(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	if seen.Wsrep.Answers {
		seen.Databases, seen.Spelled = parseDatabases(answers.Parts["schemas"].Out)
	}
}

// schemaQueries asks for all schemas, and for the engine's spelling of what is
// declared of some.
func schemaQueries(databases map[string]Database) []string {
	queries := []string{schemasQuery}
	for _, schema := range sortedKeys(databases) {
		if database := databases[schema]; database != (Database{}) {
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

// planDatabases makes databases that are declared. One that is no longer declared
// stays, because its data would go with it.
func planDatabases(d *draft) error {
	at := d.changes.at
	for _, schema := range sortedKeys(d.spec.Databases) {
		d.changes.add(databaseSteps(at, schema, d.spec.Databases[schema])...)
	}
	return nil
}

func databaseSteps(at writer, schema string, wanted Database) []Step {
	kept := schema
	if at.seen.Wsrep.FoldsNames {
		kept = strings.ToLower(schema)
	}
	have, exists := at.seen.Databases[kept]
	spelled := at.seen.Spelled[schema]
	alter := func(why string) []Step {
		return []Step{at.step("alter database "+schema, "database "+schema+" has "+why, alterDatabase(schema, wanted))}
	}
	switch {
	case !exists:
		return []Step{at.step("create database "+schema, "database "+schema+" is missing", createDatabase(schema, wanted))}
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
