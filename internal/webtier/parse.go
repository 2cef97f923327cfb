package webtier

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func parseNode(answers shell.Answers) NodeStatus {
	node := NodeStatus{
		Facts:    host.ParseFacts(answers["facts"]),
		Packages: host.ParsePackages(answers["packages"]),
		Unheld:   host.ParseUnheld(answers["packages"]),
		Units:    host.ParseUnits(answers["units"]),
		Files:    host.ParseFiles(answers["files"]),
		Enabled:  answers.Lines("enabled"),
		accounts: parseAccounts(answers.Lines("accounts")),
	}
	for _, line := range answers.Lines("markers") {
		name := strings.TrimSuffix(strings.TrimPrefix(line, markerKind+"-"), ".json")
		node.Markers = append(node.Markers, name)
	}
	var marker host.Marker
	if json.Unmarshal([]byte(answers["marker"].Out), &marker) == nil {
		node.Detail = marker.Detail
	}
	parsePHP(&node, answers.Lines("php"))
	parseKernel(&node, answers.Lines("kernel"))
	parseMount(&node, answers.Lines("mount"))
	parseState(&node, answers.Lines("state"))
	return node
}

// parsePHP reads the answer of [phpScript], whose units and files are in the
// formats of package host.
func parsePHP(node *NodeStatus, lines []string) {
	var about, units, files strings.Builder
	section := &about
	for _, line := range lines {
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case "version":
			node.PHP = rest
		case "pool":
			node.DistributionPool = true
		case "unknown", "unloaded":
			if settingPattern.MatchString(rest) {
				node.UnknownSettings = append(node.UnknownSettings, rest)
			}
		case "units":
			section = &units
		case "files":
			section = &files
		default:
			section.WriteString(line + "\n")
		}
	}
	for name, unit := range host.ParseUnits(shell.Answer{Out: units.String()}) {
		node.Units[name] = unit
	}
	for name, file := range host.ParseFiles(shell.Answer{Out: files.String()}) {
		node.Files[name] = file
	}
}

func parseMount(node *NodeStatus, lines []string) {
	for _, line := range lines {
		words := fields(line, 6)
		switch words[0] {
		case "mounted":
			node.Mount.Type, node.Mount.Source = words[1], words[2]
		case "occupied":
			node.Mount.Occupied = true
		case "answer":
			node.Mount.Answer = words[1]
		case "root":
			node.Root = DirectoryStatus{Exists: true, Owner: words[1], Group: words[2]}
		case "sessions":
			node.Mount.Sessions = strings.TrimPrefix(line, "sessions ")
		case "exposed":
			node.Exposed = append(node.Exposed, strings.TrimPrefix(line, "exposed "))
		case "known":
			node.Known = parseIdentity(words[1:])
		case "sentinel":
			node.Mount.Sentinel = parseIdentity(words[1:])
		case "inside":
			parseInside(&node.WordPress, words[1:])
		case "wordpress":
			parseWordPress(&node.WordPress, words[1:])
		}
	}
}

func parseState(node *NodeStatus, lines []string) {
	for _, line := range lines {
		words := fields(line, 2)
		switch words[0] {
		case "health":
			// curl writes 000 when nothing answered.
			node.Health, _ = strconv.Atoi(words[1])
		case "drained":
			node.Drained = words[1]
		case "rolling":
			node.Rolling = true
		case "pending":
			node.Pending = append(node.Pending, words[1])
		}
	}
}
