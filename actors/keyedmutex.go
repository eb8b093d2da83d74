package actors

import "sync"

// KeyedMutex is a mutex for each key. The zero value is ready. Methods may be called from many goroutines at once.
type KeyedMutex[K comparable] struct {
	mu    sync.Mutex
	byKey map[K]*turn // those that are wanted; guarded by mu
}

type turn struct {
	sync.Mutex
	users int // has it or waits for it; guarded by Turns.mu
}

// maxTurn is the number of may that are one key's turn or wait for it. More come from a caller that
// sends the same again and again, and are refused.
const maxTurn = 1_024

// Lock waits for the key's turn and returns how to end it, once; ok is false, at once,
// if too many wait for it.
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
