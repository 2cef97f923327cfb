package galera

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Grant is the privileges on one object.
type Grant struct {
	Object     Object
	Privileges []string
	// Columns are privileges on some columns of a table, in order.
	Columns []ColumnGrant
}

// ColumnGrant is one privilege on some columns.
type ColumnGrant struct {
	Privilege string
	Columns   []string
}

// Object is what privileges are on. Its names are as they are and not as SQL
// writes them.
type Object struct {
	// Kind is "" for tables, or the kind of a routine.
	Kind string
	// Schema is empty for every schema. Where Name is empty, too, the object is
	// everything in the schemas that the pattern Schema matches, in which an
	// underscore is any character and one with a backslash is itself ("GRANT" in
	// both manuals).
	Schema, Name string
}

// routineKinds are the kinds of objects that are no tables, as both engines print
// them.
var routineKinds = []string{"PACKAGE BODY", "PACKAGE", "FUNCTION", "PROCEDURE"}

var grantedObject = regexp.MustCompile(`^(\*\.\*|[A-Za-z0-9_$-]{1,64}\.(\*|[A-Za-z0-9_$-]{1,64}))$`)

func validateGrants(engine Engine, user declaredUser, problems *tier.Problems) {
	at, grants := user.at("grants"), user.Grants
	for _, on := range sortedKeys(grants) {
		if !grantedObject.MatchString(on) {
			problems.Add(at, "%q is not an object of the form database.table, database.* or *.*", on)
		}
		if len(grants[on]) == 0 {
			problems.Add(at, "no privilege is listed for %s; leave the entry out to grant none", on)
		}
		for _, p := range grants[on] {
			if fault := engine.faultOfPrivilege(on, p); fault != "" {
				problems.Add(at, "%s", fault)
			}
		}
	}
}

// declaredObject returns the object that is declared as on, whose form was
// validated.
func declaredObject(on string) Object {
	schema, table, _ := strings.Cut(on, ".")
	switch {
	case schema == "*":
		return Object{}
	case table == "*":
		return Object{Schema: schemaPattern(schema)}
	}
	return Object{Schema: schema, Name: table}
}

var (
	escapedPattern   = strings.NewReplacer(`\`, `\\`, "_", `\_`, "%", `\%`)
	unescapedPattern = strings.NewReplacer(`\\`, `\`, `\_`, "_", `\%`, "%")
)

// schemaPattern matches the schema of that name and no other.
func schemaPattern(name string) string { return escapedPattern.Replace(name) }

// folded returns the object as an engine keeps it that keeps names in lower case.
func (o Object) folded() Object {
	o.Schema = strings.ToLower(o.Schema)
	if o.Kind == "" {
		o.Name = strings.ToLower(o.Name)
	}
	return o
}

// String names the object for a person.
func (o Object) String() string {
	switch {
	case o.Schema == "" && o.Name == "":
		return "*.*"
	case o.Name == "":
		name := unescapedPattern.Replace(o.Schema)
		if schemaPattern(name) != o.Schema {
			return "all databases like " + shown(o.Schema)
		}
		return shown(name) + ".*"
	case o.Kind != "":
		return strings.ToLower(o.Kind) + " " + shown(o.Schema) + "." + shown(o.Name)
	}
	return shown(o.Schema) + "." + shown(o.Name)
}

// unknown describes those of the privileges to be revoked that nobody knows.
func (g Grant) unknown(extra []string) []string {
	var unknown []string
	for _, p := range extra {
		if !knownPrivilege(p) {
			unknown = append(unknown, p+" on "+g.Object.String())
		}
	}
	for _, columns := range g.Columns {
		if !knownPrivilege(columns.Privilege) {
			unknown = append(unknown, columns.Privilege+" on columns of "+g.Object.String())
		}
	}
	return unknown
}

// grantSteps revokes what was not declared and grants what is missing. Revoking
// comes first: taking ALL back also takes what ALL held. It refuses what it cannot
// say in words of its own: text of a machine never becomes a statement.
func grantSteps(at writer, login Login, grants map[string][]string, have Account) ([]Step, error) {
	wanted := map[Object][]string{}
	for declared, privileges := range grants {
		object := declaredObject(declared)
		if at.seen.Wsrep.FoldsNames {
			object = object.folded()
		}
		wanted[object] = normalPrivileges(append(wanted[object], privileges...))
	}
	granted := map[Object][]string{}
	have.Roles = slices.DeleteFunc(slices.Clone(have.Roles), at.seen.mandatory)
	steps := stepsAgainstRoles(at, login, have)
	unknown := slices.Clone(have.Unread)
	for _, grant := range have.Grants {
		granted[grant.Object] = append(granted[grant.Object], grant.Privileges...)
		want := wanted[grant.Object]
		extra := without(grant.Privileges, want)
		if slices.Contains(want, everything) || at.engine.listsAll(grant.Object, want) {
			extra = slices.DeleteFunc(extra, func(p string) bool { return p != grantOption })
		}
		unknown = append(unknown, grant.unknown(extra)...)
		if len(extra) > 0 {
			steps = append(steps, at.step(fmt.Sprintf("revoke %s on %s from %s", strings.Join(extra, ", "), grant.Object, login),
				fmt.Sprintf("user %s has %s on %s undeclared", login, strings.Join(extra, ", "), grant.Object),
				revokeSQL(login, grant.Object, extra)))
		}
		for _, columns := range grant.Columns {
			what := fmt.Sprintf("%s on columns %s of %s", columns.Privilege, shownList(columns.Columns), grant.Object)
			steps = append(steps, at.step("revoke "+what+" from "+login.String(),
				fmt.Sprintf("user %s has %s undeclared", login, what), revokeColumnsSQL(login, grant.Object, columns)))
		}
	}
	if len(unknown) > 0 {
		return nil, &reconcile.RefusedError{
			What: "change the privileges of " + login.String(), Node: at.node, Evidence: quotedLines(unknown),
			Remedy: "This release does not know these privileges, and puts no text of a server into a statement. Revoke them by hand, or declare them if they are privileges on a database or table.",
		}
	}
	for _, object := range slices.SortedFunc(maps.Keys(wanted), compareObjects) {
		missing := without(wanted[object], normalPrivileges(granted[object]))
		if slices.Contains(granted[object], everything) && at.engine.listsAll(object, wanted[object]) {
			missing = slices.DeleteFunc(missing, func(p string) bool { return p != grantOption })
		}
		if len(missing) > 0 {
			steps = append(steps, at.step(fmt.Sprintf("grant %s on %s to %s", strings.Join(missing, ", "), object, login),
				fmt.Sprintf("user %s lacks %s on %s", login, strings.Join(missing, ", "), object),
				grantSQL(login, object, missing)))
		}
	}
	return steps, nil
}

func compareObjects(a, b Object) int {
	return cmp.Or(strings.Compare(a.Schema, b.Schema), strings.Compare(a.Name, b.Name))
}

// stepsAgainstRoles revokes roles, which cannot be declared.
func stepsAgainstRoles(at writer, login Login, have Account) []Step {
	var steps []Step
	revoke := func(what, why, statement string) {
		steps = append(steps, at.step("revoke "+what+" from "+login.String(), "user "+login.String()+" "+why+" undeclared", statement))
	}
	if have.DefaultRole != "" {
		role := shown(have.DefaultRole)
		revoke("default role "+role, "has the default role "+role, "SET DEFAULT ROLE NONE FOR "+account(login)+";\n")
	}
	for _, role := range have.Roles {
		what := name(role.Name)
		if role.Host != "" {
			what = account(Login(role))
		}
		revoke("role "+role.String(), "has the role "+role.String(), "REVOKE "+what+" FROM "+account(login)+";\n")
	}
	return steps
}

func shownList(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = shown(name)
	}
	return strings.Join(list, ", ")
}

func quotedLines(lines []string) []string {
	quoted := make([]string, len(lines))
	for i, line := range lines {
		quoted[i] = strconv.QuoteToASCII(line)
	}
	return quoted
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

// knownPrivilege reports whether a privilege's name can be put into a statement
// although it comes from a machine.
func knownPrivilege(p string) bool {
	return slices.Contains(longPrivileges, p) || slices.Contains(shortPrivileges, p) || slices.Contains(dynamicPrivileges, p)
}
