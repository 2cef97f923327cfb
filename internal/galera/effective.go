package galera

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// notShown are settings that the server shows in another form than they were
// given: a password as asterisks, a directory with a slash, options with all others.
var notShown = []string{"datadir", "wsrep_provider_options", "wsrep_sst_auth", "plugin_load", "plugin_load_add"}

// askedVariables are the variables that a server is asked for, as a list for SQL
// that begins with a comma.
func askedVariables(spec Spec) string {
	names := map[string]bool{}
	for _, name := range slices.Concat(spec.engine().derivedVariables(), grantsAll) {
		names[name] = true
	}
	for _, node := range spec.Nodes {
		for name := range compared(lines(spec, node, nil)) {
			names[name] = true
		}
	}
	var b strings.Builder
	for _, name := range sortedKeys(names) {
		b.WriteString("," + literal(name))
	}
	return b.String()
}

// compared are the settings of a node that its server can be asked for, by the
// names of its variables. An option without such a variable has no answer.
func compared(lines [][2]string) map[string]string {
	wanted := map[string]string{}
	for _, line := range lines {
		name, value := strings.TrimPrefix(line[0], "loose_"), strings.Trim(line[1], `"`)
		if !slices.Contains(notShown, name) {
			wanted[strings.ToLower(name)] = value
		}
	}
	return wanted
}

// effectiveNotices say where servers run with other values than were asked for.
func effectiveNotices(spec Spec, status Status) []string {
	defaults := defaultsByNode(spec, status)
	var notices []string
	for _, node := range spec.Nodes {
		seen, found := status.Nodes[node.Name]
		if status.backedUp(node.Name) {
			notices = append(notices, node.Name+" is Donor/Desynced, and no node needs a state transfer: a backup is being taken, or somebody has left wsrep_desync on; it is no member to restart others beside")
		}
		// One that has to be restarted for its configuration gets what was asked then.
		if !found || seen.Err != nil || runsStale(configFile(spec, node, defaults[node.Name]), seen) {
			continue
		}
		notices = append(notices, differingValues(node.Name, compared(lines(spec, node, defaults[node.Name])), seen.Variables)...)
	}
	return notices
}

func differingValues(node string, wanted, variables map[string]string) []string {
	var notices []string
	for _, name := range sortedKeys(wanted) {
		if runs, shown := variables[name]; shown && !equivalent(wanted[name], runs) {
			notices = append(notices, fmt.Sprintf("%s runs with %s = %s, and %s is asked for: the server has changed the value, another file overrides it, or somebody has set it by hand, which a restart undoes",
				node, name, shownValue(runs), shownValue(wanted[name])))
		}
	}
	return notices
}

func shownValue(value string) string {
	if value == "" {
		return `""`
	}
	return value
}

// equivalent reports whether a server that shows runs does what was asked for.
func equivalent(asked, runs string) bool {
	asked, runs = strings.ToUpper(asked), strings.ToUpper(runs)
	if asked == runs {
		return true
	}
	if asked == "" || runs == "" {
		return false
	}
	if a, b := switched(asked), switched(runs); a != "" && b != "" {
		return a == b
	}
	if a, errA := quantity(asked); errA == nil {
		if b, errB := quantity(runs); errB == nil {
			return a == b
		}
	}
	// READ COMMITTED is shown as READ-COMMITTED, and utf8 as the character set that
	// it stands for.
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace
	if plain(asked) == plain(runs) || asked == "UTF8" && strings.HasPrefix(runs, "UTF8MB") {
		return true
	}
	// Of a list of switches a part may be given, and a mode may stand for several.
	if strings.Contains(runs, ",") {
		shown := strings.Split(runs, ",")
		return !slices.ContainsFunc(strings.Split(asked, ","), func(part string) bool { return !slices.Contains(shown, strings.TrimSpace(part)) })
	}
	return false
}

func switched(value string) string {
	switch value {
	case "ON", "TRUE", "YES", "1":
		return "ON"
	case "OFF", "FALSE", "NO", "0":
		return "OFF"
	}
	return ""
}

// quantity reads a number with the suffix that option files allow.
func quantity(value string) (float64, error) {
	factor := 1.0
	if i := strings.IndexByte("KMGTPE", value[len(value)-1]); i >= 0 && len(value) > 1 {
		factor = math.Pow(1024, float64(i+1))
		value = value[:len(value)-1]
	}
	number, err := strconv.ParseFloat(value, 64)
	return number * factor, err
}
