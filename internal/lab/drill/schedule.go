package drill

import (
	"iter"
	"math/rand/v2"
	"slices"
)

// Turn is a fault that is to be made.
type Turn struct {
	Fault Fault
	// Pick chooses the victims where there is a choice.
	Pick uint64
}

// Schedule returns faults without an end, in rounds that have each of them once, in an
// order that depends on the seed alone.
func Schedule(faults []Fault, seed uint64) iter.Seq[Turn] {
	return func(yield func(Turn) bool) {
		random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // the same order each time is what is wanted
		for len(faults) > 0 {
			round := slices.Clone(faults)
			random.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
			for _, fault := range round {
				if !yield(Turn{fault, random.Uint64()}) {
					return
				}
			}
		}
	}
}
