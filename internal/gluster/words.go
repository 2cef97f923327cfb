package gluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func names(nodes []host.Node) []string {
	var all []string
	for _, node := range nodes {
		all = append(all, node.Name)
	}
	return all
}

func unreachable(names []string) []string {
	var evidence []string
	for _, name := range names {
		evidence = append(evidence, name+" does not answer")
	}
	return evidence
}

func sortedKeys(words map[string]string) []string { return slices.Sorted(maps.Keys(words)) }

func sentence(one, many string, items []string) string {
	format := many
	if len(items) == 1 {
		format = one
	}
	return fmt.Sprintf(format, joinWords(items))
}

func joinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s and %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}
