package bookings

import "sync"

// locks lets one at a time do something about a booking. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	byID map[string]*lock // those in use; guarded by mu
}

type lock struct {
	sync.Mutex
	users int // has it or waits for it; guarded by locks.mu
}

// lock waits for the booking's turn and returns how to end it.
func (l *locks) lock(id string) (unlock func()) {
	l.mu.Lock()
	if l.byID == nil {
		l.byID = map[string]*lock{}
	}
	mine := l.byID[id]
	if mine == nil {
		mine = &lock{}
		l.byID[id] = mine
	}
	mine.users++
	l.mu.Unlock()
	mine.Lock()
	return func() {
		mine.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(l.byID, id)
		}
	}
}
