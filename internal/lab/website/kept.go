package website

import "strings"

// Missing returns which of the entries are not lines of a listing.
func Missing(entries []string, listing string) []string {
	there := map[string]bool{}
	for line := range strings.Lines(listing) {
		there[strings.TrimSpace(line)] = true
	}
	var missing []string
	for _, entry := range entries {
		if !there[entry] {
			missing = append(missing, entry)
		}
	}
	return missing
}
