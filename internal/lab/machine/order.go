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
	mu   sync.Mutex
	held map[int]*sync.Mutex
}

func (k *keyedMutex) lock(key int) (unlock func()) {
	mutex := k.of(key)
	mutex.Lock()
	return mutex.Unlock
}

func (k *keyedMutex) of(key int) *sync.Mutex {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held = map[int]*sync.Mutex{}
	}
	if k.held[key] == nil {
		k.held[key] = &sync.Mutex{}
	}
	return k.held[key]
}
