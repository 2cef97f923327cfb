package tier

import "fmt"

// Problem is a fault of a configuration.
type Problem struct {
	// Path leads to the attribute by the names of the schema, outermost first.
	Path []string
	// Message is a sentence without its full stop.
	Message string
}

// Problems collects the faults of a configuration.
type Problems []Problem

// Add appends a fault of the attribute at path.
func (p *Problems) Add(path []string, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// At returns the path of an attribute: At("nodes", "db1", "address").
func At(path ...string) []string { return path }
