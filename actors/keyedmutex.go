package actors

import "sync"

// KeyedMutex is a set of mutexes, one for each key. The zero value is ready for use. It is safe for
// concurrent use.
type KeyedMutex[K comparable] struct {
	mu    sync.Mutex
	byKey map[K]*turn // locked or waited for; guarded by mu
}

type turn struct {
	sync.Mutex
	users int // the owner and the waiting goroutines; guarded by KeyedMutex.mu
}

// maxTurn bounds the callers that own or wait for one key. More can only come from a client that
// repeats one request, and are refused.
const maxTurn = 1_024

// Lock waits for the key and returns the function that unlocks it, to be called once. ok is false,
// without waiting, if too many callers wait for it.
func (t *KeyedMutex[K]) Lock(key K) (end func(), ok bool) {
	t.mu.Lock()
	if t.byKey == nil {
		t.byKey = map[K]*turn{}
	}
	mine := t.byKey[key]
	if mine == nil {
		mine = &turn{}
		t.byKey[key] = mine
	}
	if mine.users == maxTurn {
		t.mu.Unlock()
		return nil, false
	}
	mine.users++
	t.mu.Unlock()
	mine.Lock()
	return func() {
		mine.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.byKey, key)
		}
	}, true
}
