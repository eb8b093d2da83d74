package actors

import "sync"

// KeyedMutex is a set of mutexes, one for each key. The zero value is ready for use. It is safe for
// concurrent use.
type KeyedMutex[K comparable] struct {
	mu    sync.Mutex
	byKey map[K]*keyLock // locked or waited for; guarded by mu
}

type keyLock struct {
	sync.Mutex
	users int // the owner and the waiting goroutines; guarded by KeyedMutex.mu
}

// maxKeyUsers bounds the callers that own or wait for one key. Only a client that repeats a request
// can exceed it.
const maxKeyUsers = 1_024

// Lock waits for the key and returns the function that unlocks it, to be called once. ok is false,
// without waiting, if too many callers already wait.
func (m *KeyedMutex[K]) Lock(key K) (unlock func(), ok bool) {
	m.mu.Lock()
	if m.byKey == nil {
		m.byKey = map[K]*keyLock{}
	}
	lock := m.byKey[key]
	if lock == nil {
		lock = &keyLock{}
		m.byKey[key] = lock
	}
	if lock.users == maxKeyUsers {
		m.mu.Unlock()
		return nil, false
	}
	lock.users++
	m.mu.Unlock()
	lock.Lock()
	return func() {
		lock.Unlock()
		m.mu.Lock()
		defer m.mu.Unlock()
		if lock.users--; lock.users == 0 {
			delete(m.byKey, key)
		}
	}, true
}
