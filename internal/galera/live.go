package galera

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// settableMark begins the lines that name a variable which can be set.
const settableMark = "settable"

// askSettable asks MariaDB for the variables that can be set while it runs. MySQL has no such
// table: performance_schema.variables_info tells limits and sources only.
const askSettable = "SELECT '" + settableMark + "', LOWER(VARIABLE_NAME) FROM information_schema.SYSTEM_VARIABLES WHERE READ_ONLY = 'NO' AND VARIABLE_SCOPE <> 'SESSION ONLY';"

// restarting are variables that can be set, and whose change takes a restart all the same.
// Older releases resize the buffer pool in the background, and a smaller one only as far
// as they can. A character set that is set changes the collation that is declared.
var restarting = append([]string{"innodb_buffer_pool_size"}, uniform...)

// digestsIn returns digests of what is in a configuration file: of the settings of the
// server by name, and under the empty name of all other lines, but for what is said to
// follow from the machine, which is in the settings. The text itself is for no state: the
// file on a machine may have a password that somebody has written into it.
func digestsIn(config string) map[string]string {
	digests := map[string]string{}
	section := ""
	var rest strings.Builder
	// The answers of machines come without newlines at the end.
	for line := range strings.SplitSeq(strings.TrimRight(config, "\n"), "\n") {
		if strings.HasPrefix(line, "[") {
			section = line
		}
		name, value, found := strings.Cut(line, " = ")
		_, twice := digests[name]
		switch {
		case found && section == "[mysqld]" && setting.MatchString(name) && !twice:
			digests[name] = host.Digest([]byte(value))
		case !strings.HasPrefix(line, madeFor):
			rest.WriteString(line + "\n")
		}
	}
	digests[""] = host.Digest([]byte(rest.String()))
	return digests
}

// liveChange returns the settings in which alone a node's configuration file differs from
// the wanted one, if its server takes all of them while it runs, in order. A setting that is
// taken out is none of them: which value the server would have without it is not known.
func liveChange(spec Spec, node string, config host.File, seen NodeStatus) []string {
	if !seen.running() || changedSinceStart(config, seen) {
		return nil
	}
	given, wanted := settingsOf(spec, node), digestsIn(string(config.Content))
	for name := range seen.Configured {
		if _, kept := wanted[name]; !kept {
			return nil
		}
	}
	var names []string
	for _, name := range sortedKeys(wanted) {
		if wanted[name] == seen.Configured[name] {
			continue
		}
		value, set := given[name]
		if !set || !seen.takes(name, value) {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// takes reports whether the server takes a value of a setting while it runs. What the
// library of Galera is told, it is told at the start.
func (n NodeStatus) takes(name, value string) bool {
	_, plain := inSQL(value)
	return plain && slices.Contains(n.Settable, name) && !slices.Contains(restarting, name) && !slices.Contains(notShown, name) && !strings.HasPrefix(name, "wsrep_")
}

var (
	number = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	size   = regexp.MustCompile(`^([0-9]+)([KMGTPE])$`)
)

// inSQL returns the value of an option file as SET takes it: numbers without quotes and
// suffixes, and the words that SQL has for switches. It returns false where what the reader of
// option files makes of a value is not what SET would make of it.
func inSQL(value string) (string, bool) {
	upper := strings.ToUpper(value)
	switch {
	// Servers take -1 at their start for a default that they work out.
	case value == "", strings.HasPrefix(value, "-"), strings.Contains(value, `\`):
		return "", false
	case number.MatchString(value):
		return value, true
	case upper == "TRUE":
		return literal("ON"), true
	case upper == "FALSE":
		return literal("OFF"), true
	}
	if parts := size.FindStringSubmatch(upper); parts != nil {
		return bytesOf(parts[1], parts[2])
	}
	return literal(value), true
}

func bytesOf(number, suffix string) (string, bool) {
	n, err := strconv.ParseUint(number, 10, 64)
	over, product := bits.Mul64(n, 1<<(10*(strings.Index("KMGTPE", suffix)+1)))
	return strconv.FormatUint(product, 10), err == nil && over == 0
}

// setGlobal is one statement for all settings: where one of them cannot be set, the
// server sets none (sql/set_var.cc, "sql_set_variables", checks all of them first).
func setGlobal(names []string, settings map[string]string) string {
	var parts []string
	for _, variable := range names {
		value, _ := inSQL(settings[variable])
		parts = append(parts, "GLOBAL "+name(variable)+" = "+value)
	}
	return "SET " + strings.Join(parts, ", ") + ";\n"
}

// stepSet changes settings of a node whose server goes on meanwhile; whole are the nodes
// that have to serve before.
func stepSet(spec Spec, s stale, whole []string) Step {
	return Step{Node: s.node, Title: s.title(spec), Why: s.why, Effect: reconcile.Reloads,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now, err := seenWhole(ctx, hosts.Views(), spec, whole, wholeTime)
			if err != nil {
				return err
			}
			seen := now.Nodes[s.node]
			if !slices.Equal(liveChange(spec, s.node, *s.config, seen), s.set) {
				return fmt.Errorf("cannot set %s on %s: its server or its configuration has changed since that was planned; apply again", strings.Join(s.set, ", "), s.node)
			}
			return setLive(ctx, hosts[s.node], spec, s, seen.Files[s.config.Path].Modified)
		}}
}

// setLive changes settings of a server and of its file, which gets the time of the former one
// in the end: a file that was written after the start is a reason to restart. Whatever
// comes in between leads to the same change again, or to a restart. A server that ends by
// itself has read the former file if it is back before the new one is there, so it is set
// again after that; and of two settings that limit each other the first may need the second.
func setLive(ctx context.Context, node *host.Host, spec Spec, s stale, modified int64) error {
	engine, set := spec.engine(), setGlobal(s.set, settingsOf(spec, s.node))
	if err := checkConfig(ctx, node, engine, *s.config); err != nil {
		return err
	}
	err := runSQL(ctx, node, engine, set)
	if refused, found := errors.AsType[*shell.ExitError](err); found {
		return fmt.Errorf("cannot set %s on %s while its server runs, and its configuration stays as it was; with another value of restart_trigger the apply restarts the nodes for it: %w",
			strings.Join(s.set, ", "), s.node, refused)
	}
	if err != nil {
		return err
	}
	if err := node.WriteFile(ctx, *s.config); err != nil {
		return err
	}
	if err := runSQL(ctx, node, engine, set); err != nil {
		return err
	}
	return node.SetModified(ctx, s.config.Path, modified)
}
