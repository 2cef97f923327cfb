package drill

import (
	"slices"
	"sync"
)

// Ledger is what clients were told is kept. It can be used by several clients at the same
// time.
type Ledger struct {
	mu   sync.Mutex
	kept Kept
}

// Kept is what has to be there.
type Kept struct {
	// Rows are lines of the drill's table: the client's name and a number.
	Rows []string
	// Posts are numbers of posts and uploads in WordPress.
	Posts []string
	// Files are paths below the document root with their checksums.
	Files []File
}

// File is a file that was acknowledged.
type File struct {
	Path   string
	SHA256 string
}

func (l *Ledger) row(line string)    { l.change(func(k *Kept) { k.Rows = append(k.Rows, line) }) }
func (l *Ledger) post(number string) { l.change(func(k *Kept) { k.Posts = append(k.Posts, number) }) }
func (l *Ledger) file(file File)     { l.change(func(k *Kept) { k.Files = append(k.Files, file) }) }

func (l *Ledger) change(how func(*Kept)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	how(&l.kept)
}

// Kept returns what was acknowledged until now.
func (l *Ledger) Kept() Kept {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Kept{Rows: slices.Clone(l.kept.Rows), Posts: slices.Clone(l.kept.Posts), Files: slices.Clone(l.kept.Files)}
}
