package galeratest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Variable is a variable of the simulated server.
type Variable struct {
	// Kind is the type of its values.
	Kind Kind
	// Fixed says that it cannot be set while the server runs, or not for all sessions.
	Fixed bool
}

// Kind is a type of values.
type Kind string

// The kinds, as far as SET tells them apart.
const (
	Integer Kind = "integer"
	Decimal Kind = "decimal"
	Switch  Kind = "switch"
	Text    Kind = "text"
)

// Variables are those that the simulated server has.
func Variables() map[string]Variable {
	return map[string]Variable{
		"back_log":                       {Kind: Integer, Fixed: true},
		"character_set_server":           {Kind: Text},
		"general_log":                    {Kind: Switch},
		"innodb_buffer_pool_size":        {Kind: Integer},
		"innodb_flush_log_at_trx_commit": {Kind: Integer},
		"insert_id":                      {Kind: Integer, Fixed: true},
		"long_query_time":                {Kind: Decimal},
		"max_allowed_packet":             {Kind: Integer},
		"max_connections":                {Kind: Integer},
		"skip_name_resolve":              {Kind: Switch, Fixed: true},
		"sql_mode":                       {Kind: Text},
		"table_open_cache_instances":     {Kind: Integer, Fixed: true},
		"wsrep_slave_threads":            {Kind: Integer},
	}
}

const sqlSettable = "SELECT 'settable', LOWER(VARIABLE_NAME) FROM information_schema.SYSTEM_VARIABLES WHERE READ_ONLY = 'NO' AND VARIABLE_SCOPE <> 'SESSION ONLY';"

// settable answers the question for variables that can be set.
func (s *Cluster) settable(question string) string {
	if s.engine.Repository != "" && question == "" {
		return ""
	}
	if s.engine.Repository != "" || question != sqlSettable {
		s.t.Errorf("unknown question to the server: %q", question)
	}
	var b strings.Builder
	variables := Variables()
	for _, name := range sorted(variables) {
		if !variables[name].Fixed {
			fmt.Fprintf(&b, "settable\t%s\n", name)
		}
	}
	return b.String()
}

var (
	sqlSet       = regexp.MustCompile(`^SET GLOBAL .*$`)
	sqlSetOne    = regexp.MustCompile("^GLOBAL `(\\d+)` = (?:'(\\d+)'|(\\d+(?:\\.\\d+)?))$")
	integerValue = regexp.MustCompile(`^\d+$`)
)

// onlySets reports whether a text only sets variables, which a server lets everybody do who
// may.
func onlySets(text string) bool {
	return !slices.ContainsFunc(statements(text), func(s statement) bool {
		return !sqlSet.MatchString(s.text) && !strings.HasPrefix(s.text, "SET SESSION ")
	})
}

// setGlobal sets variables, or none of them.
func (s *Cluster) setGlobal(node *Node, sql statement) error {
	if s.engine.Repository != "" {
		s.t.Errorf("nothing is known of the variables of this server: %s", sql.filled(sql.text))
	}
	values := map[string]string{}
	for _, part := range strings.Split(strings.TrimPrefix(sql.text, "SET "), ", ") {
		m := sqlSetOne.FindStringSubmatch(part)
		if m == nil {
			s.t.Errorf("unknown statement %q", sql.filled(sql.text))
			return fmt.Errorf("ERROR 1064 (42000): You have an error in your SQL syntax")
		}
		name, value := sql.at(m[1]), m[3]
		if m[2] != "" {
			value = sql.at(m[2])
		}
		variable, found := Variables()[name]
		switch {
		case !found:
			s.t.Errorf("%s: unknown variable %s", node.Name, name)
			return fmt.Errorf("ERROR 1193 (HY000): Unknown system variable '%s'", name)
		case variable.Fixed:
			s.t.Errorf("%s: %s is set", node.Name, name)
			return fmt.Errorf("ERROR 1238 (HY000): Variable '%s' is a read only variable", name)
		case !variable.accepts(value, m[2] != ""):
			return fmt.Errorf("ERROR 1232 (42000): Incorrect argument type to variable '%s'", name)
		}
		values[name] = value
	}
	if node.Set == nil {
		node.Set = map[string]string{}
	}
	for name, value := range values {
		node.Set[name] = value
	}
	if s.OnSet != nil {
		s.OnSet(node.Name)
	}
	return nil
}

// accepts reports whether SET takes a value: MariaDB 10.11 takes no number in quotes.
func (v Variable) accepts(value string, quoted bool) bool {
	switch v.Kind {
	case Integer:
		return !quoted && integerValue.MatchString(value)
	case Decimal:
		return !quoted
	case Switch:
		return slices.Contains([]string{"ON", "OFF"}, strings.ToUpper(value)) || !quoted && (value == "0" || value == "1")
	case Text:
		return quoted
	}
	return false
}

// Effective returns what the server runs with for a setting: what was set since its start, or
// what it read then.
func (n *Node) Effective(name string) string {
	if value, set := n.Set[name]; set {
		return value
	}
	return settingsIn(n.Config)[name]
}

// RunsWith reports whether a server that started now with a configuration would run with
// what the server runs with.
func (n *Node) RunsWith(config string) bool {
	had, has := settingsIn(n.Config), settingsIn(config)
	if len(n.Set) == 0 {
		return n.Config == config
	}
	for name := range n.Set {
		had[name] = n.Set[name]
	}
	for _, name := range append(sorted(had), sorted(has)...) {
		if inBytes(had[name]) != inBytes(has[name]) {
			return false
		}
	}
	return true
}

func settingsIn(config string) map[string]string {
	settings := map[string]string{}
	for line := range strings.Lines(config) {
		if name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), " = "); found && line[0] != '#' {
			settings[name] = strings.Trim(value, `"`)
		}
	}
	return settings
}

// inBytes writes a size out.
func inBytes(value string) string {
	for i, suffix := range []string{"K", "M", "G"} {
		if n, err := strconv.Atoi(strings.TrimSuffix(value, suffix)); err == nil && strings.HasSuffix(value, suffix) {
			return strconv.Itoa(n << (10 * (i + 1)))
		}
	}
	return value
}
