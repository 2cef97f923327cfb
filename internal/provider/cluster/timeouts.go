package cluster

import "time"

// How long the verbs may take where timeouts says nothing.
const (
	createLimit = time.Hour
	readLimit   = time.Minute
	updateLimit = time.Hour
	deleteLimit = 20 * time.Minute
)
