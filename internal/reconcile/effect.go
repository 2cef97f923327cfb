package reconcile

// Effect is what the clients of a cluster, or its operators, notice of a step.
type Effect string

const (
	// Unnoticed is work beside a service that goes on, such as a file, a package, an
	// account. It is the effect of a step that says nothing.
	Unnoticed Effect = ""
	// Reloads lets a service read its configuration again. It goes on meanwhile.
	Reloads Effect = "reloads"
	// Restarts takes a node out of service for a moment, and back.
	Restarts Effect = "restarts"
	// Joins takes a node into service that was not.
	Joins Effect = "joins"
	// Drains takes a node out of service, which stays a node of the cluster.
	Drains Effect = "drains"
	// HandsOver leaves it to the plan of another cluster to take a node out of service for
	// good, which is noticed there.
	HandsOver Effect = "hands over"
	// Leaves takes a node out of service for good.
	Leaves Effect = "leaves"
)

// stronger reports whether a node with both effects is better described by this one.
func (e Effect) stronger(than Effect) bool { return e.rank() > than.rank() }

func (e Effect) rank() int {
	switch e {
	case Reloads:
		return 1
	case Joins:
		return 2
	case Restarts:
		return 3
	case Drains:
		return 4
	case Leaves:
		return 5
	case Unnoticed, HandsOver:
	}
	return 0
}

// Strongest returns what is noticed of a node with all of the effects.
func Strongest(effects ...Effect) Effect {
	strongest := Unnoticed
	for _, effect := range effects {
		if effect.stronger(strongest) {
			strongest = effect
		}
	}
	return strongest
}
