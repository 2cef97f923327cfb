package tier

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Concern is one matter that a tier looks after, from the question to the step:
// packages, configuration, membership. S is what is declared, N what is known of
// one node, and D is the tier's draft of a plan, which has both and collects the
// steps. A function that a concern does not need is nil.
type Concern[S, N, D any] struct {
	// Name is what the concern's file is called, without ".go".
	Name string
	// Ask returns what the concern has to know of a node's machine.
	Ask func(spec S, node string) Questions
	// Read puts the answers into what is known of the node.
	Read func(spec S, node string, answers Answers, seen *N)
	// Refuse returns why nothing may be planned at all, as a
	// [reconcile.RefusedError]. Every concern is asked before the first one plans.
	Refuse func(draft D) error
	// Plan adds the concern's steps to the draft. An error ends the walk.
	Plan func(draft D) error
}

// Questions is what is asked of a machine. Packages, units and files are asked
// once for all concerns together; Parts are a concern's own, by names of its own.
type Questions struct {
	Packages []string
	Units    []string
	Files    []string
	Parts    []shell.Part
}

// Names of the parts that [Questions] become, beside the concerns' own.
const (
	factsPart    = "facts"
	packagesPart = "packages"
	unitsPart    = "units"
	filesPart    = "files"
)

// Answers is what a machine said to [Questions].
type Answers struct {
	Facts host.Facts
	// Packages has the versions of those that are installed, Unheld those of them
	// that are not held.
	Packages map[string]string
	Unheld   []string
	Units    map[string]host.UnitState
	Files    map[string]host.FileState
	// Parts are the answers to the concerns' own parts, by name.
	Parts shell.Answers
}

// Ask returns the questions of all concerns about one node as the parts of one
// command. What several concerns ask is asked once.
func Ask[S, N, D any](concerns []Concern[S, N, D], spec S, node string) []shell.Part {
	var all Questions
	for _, concern := range concerns {
		if concern.Ask == nil {
			continue
		}
		asked := concern.Ask(spec, node)
		all.Packages = union(all.Packages, asked.Packages)
		all.Units = union(all.Units, asked.Units)
		all.Files = union(all.Files, asked.Files)
		all.Parts = append(all.Parts, asked.Parts...)
	}
	return append([]shell.Part{
		host.AskFacts(factsPart),
		host.AskPackages(packagesPart, all.Packages...),
		host.AskUnits(unitsPart, all.Units...),
		host.AskFiles(filesPart, all.Files...),
	}, all.Parts...)
}

func union(all, more []string) []string {
	for _, item := range more {
		if !slices.Contains(all, item) {
			all = append(all, item)
		}
	}
	return all
}

// Read returns what the concerns make of a machine's answers.
func Read[S, N, D any](concerns []Concern[S, N, D], spec S, node string, parts shell.Answers) N {
	answers := Answers{
		Facts:    host.ParseFacts(parts[factsPart]),
		Packages: host.ParsePackages(parts[packagesPart]),
		Unheld:   host.ParseUnheld(parts[packagesPart]),
		Units:    host.ParseUnits(parts[unitsPart]),
		Files:    host.ParseFiles(parts[filesPart]),
		Parts:    parts,
	}
	var seen N
	for _, concern := range concerns {
		if concern.Read != nil {
			concern.Read(spec, node, answers, &seen)
		}
	}
	return seen
}

// Walk lets every concern refuse, and then every concern plan, each time in the
// order of the list.
func Walk[S, N, D any](concerns []Concern[S, N, D], draft D) error {
	if err := Refuse(concerns, draft); err != nil {
		return err
	}
	for _, concern := range concerns {
		if concern.Plan == nil {
			continue
		}
		if err := concern.Plan(draft); err != nil {
			return err
		}
	}
	return nil
}

// Refuse lets every concern refuse. It is for a step as well that looks again before
// it does what cannot be undone.
func Refuse[S, N, D any](concerns []Concern[S, N, D], draft D) error {
	for _, concern := range concerns {
		if concern.Refuse == nil {
			continue
		}
		if err := concern.Refuse(draft); err != nil {
			return err
		}
	}
	return nil
}
