package galeratest

import (
	"fmt"
	"regexp"
	"strings"
)

// Database is a schema.
type Database struct{ Charset, Collation string }

var sqlSpelled = regexp.MustCompile(`^SELECT 'spelled', '(\w+)', CHARSET\(CONVERT\('' USING (\w+)\)\), (?:''|COLLATION\(CONVERT\('' USING \w+\) COLLATE (\w+)\))$`)

// schemata answers the questions for schemas; a server outside a cluster has none.
func (s *Cluster) schemata(h *History, queries []string) string {
	if h == nil {
		return ""
	}
	var b strings.Builder
	for _, query := range queries {
		if m := sqlSpelled.FindStringSubmatch(query); m != nil {
			fmt.Fprintf(&b, "spelled\t%s\t%s\t%s\n", m[1], m[2], spelled(m[2], m[3]))
			continue
		}
		if query != "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata" {
			s.t.Errorf("unknown question for schemas: %q", query)
		}
		for _, name := range sorted(h.Databases) {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", name, h.Databases[name].Charset, h.Databases[name].Collation)
		}
	}
	return b.String()
}

// spelled is a collation's whole name.
func spelled(charset, collation string) string {
	if strings.HasPrefix(collation, "uca1400_") {
		return charset + "_" + collation
	}
	return collation
}

// kept is how the server keeps a name.
func (n *Node) kept(name string) string {
	if n.Variables["lower_case_table_names"] == "1" {
		return strings.ToLower(name)
	}
	return name
}

func (at machine) databases() {
	at.asked("galera-schemas", func(args []string) string {
		at.checkSession(args[2])
		return at.schemata(at.node.History, args[3:])
	})
}
