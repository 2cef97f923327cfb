package machine

import (
	"cmp"
	"context"
	"sync"
)

// compareNatural orders names with numbers at their ends as people do: a
// shorter name first.
func compareNatural(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// take waits for one of the region's slots.
func (r *Region) take(ctx context.Context) (release func(), err error) {
	select {
	case r.slots <- struct{}{}:
		return func() { <-r.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// keyedMutex is a mutex for each key.
type keyedMutex struct {
	held sync.Map
}

func (k *keyedMutex) lock(key int) (unlock func()) {
	value, _ := k.held.LoadOrStore(key, &sync.Mutex{})
	mutex := value.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}
