package drill

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Kind is what a client does.
type Kind string

// The kinds of clients. Visitors and the author come through the NodeBalancer; clients of
// the database and of the files run on web servers.
const (
	Pages     Kind = "pages"
	Logins    Kind = "logins"
	Posts     Kind = "posts"
	Uploads   Kind = "uploads"
	RowsKept  Kind = "rows, one connection"
	RowsNew   Kind = "rows, new connections"
	FilesKind Kind = "files"
)

// Group is the kinds for which one thing is promised.
type Group string

// The groups of kinds. The kinds of authors make an attempt every two seconds, so that
// their longest gap is never below that. A client that keeps one connection waits for an
// answer on it for its own limit of five seconds, where the machine at the other end
// stands still.
const (
	GroupPages   Group = "pages"
	GroupAuthors Group = "logins, posts, uploads"
	GroupRows    Group = "rows"
	GroupKept    Group = "rows, one connection"
	GroupFiles   Group = "files"
)

// Groups are all groups, in the order in which they are printed.
func Groups() []Group { return []Group{GroupPages, GroupAuthors, GroupRows, GroupKept, GroupFiles} }

// Group returns the group of a kind.
func (k Kind) Group() Group {
	switch k {
	case Pages:
		return GroupPages
	case Logins, Posts, Uploads:
		return GroupAuthors
	case RowsNew:
		return GroupRows
	case RowsKept:
		return GroupKept
	case FilesKind:
	}
	return GroupFiles
}

// every is how often a client of a kind usually makes an attempt.
func (k Kind) every() time.Duration { return k.Group().every() }

// every is how often each client of a group usually makes an attempt.
func (g Group) every() time.Duration {
	switch g {
	case GroupPages:
		return pageEvery
	case GroupAuthors:
		return authorEvery
	case GroupRows, GroupKept:
		return rowEvery
	case GroupFiles:
	}
	return fileEvery
}

// Client is one client.
type Client struct {
	Kind Kind `json:"kind"`
	// Node is the node that the client runs on. Empty for visitors.
	Node string `json:"node,omitempty"`
}

// Attempt is one request, row or file.
type Attempt struct {
	Start, End time.Time
	// Failure is what went wrong. Empty where nothing did.
	Failure string
}

// OK reports whether the attempt was acknowledged.
func (a Attempt) OK() bool { return a.Failure == "" }

// Recorder keeps what became of all attempts. It can be used by several clients at the
// same time.
type Recorder struct {
	mu       sync.Mutex
	attempts map[Client][]Attempt
}

// Add records an attempt.
func (r *Recorder) Add(client Client, attempt Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempts == nil {
		r.attempts = map[Client][]Attempt{}
	}
	r.attempts[client] = append(r.attempts[client], attempt)
}

// Expect names a client before its first attempt, so that one that makes none is seen.
func (r *Recorder) Expect(client Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempts == nil {
		r.attempts = map[Client][]Attempt{}
	}
	if _, found := r.attempts[client]; !found {
		r.attempts[client] = nil
	}
}

// Clients returns all clients that are expected or have made an attempt, by kind and node.
func (r *Recorder) Clients() []Client {
	order := []Kind{Pages, Logins, Posts, Uploads, RowsKept, RowsNew, FilesKind}
	r.mu.Lock()
	defer r.mu.Unlock()
	var clients []Client
	for client := range r.attempts {
		clients = append(clients, client)
	}
	slices.SortFunc(clients, func(a, b Client) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.Node, b.Node))
	})
	return clients
}

// Between returns the attempts of a client that began in a span of time, in the order in
// which they ended: the end of what a fault has delayed may be after the span.
func (r *Recorder) Between(client Client, from, to time.Time) []Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Attempt
	for _, attempt := range r.attempts[client] {
		if !attempt.Start.Before(from) && !attempt.Start.After(to) {
			found = append(found, attempt)
		}
	}
	slices.SortStableFunc(found, func(a, b Attempt) int { return a.End.Compare(b.End) })
	return found
}

// LongestGap returns the longest part of a span of time in which nothing was
// acknowledged.
func LongestGap(attempts []Attempt, from, to time.Time) time.Duration {
	last, longest := from, time.Duration(0)
	for _, attempt := range attempts {
		if attempt.OK() {
			longest = max(longest, attempt.End.Sub(last))
			last = attempt.End
		}
	}
	return max(longest, to.Sub(last))
}

// Failed counts the attempts that failed.
func Failed(attempts []Attempt) int {
	count := 0
	for _, attempt := range attempts {
		if !attempt.OK() {
			count++
		}
	}
	return count
}
