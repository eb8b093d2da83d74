package actors

import (
	"context"
	"sync"
	"time"
)

// sharedDeadlines returns contexts that bound appends. A context and a timer for each append take a
// twentieth of the memory that a booking allocates, so appends that begin shortly after each other
// share one. It is safe for concurrent use.
type sharedDeadlines struct {
	limit time.Duration

	mu      sync.Mutex
	current context.Context // guarded by mu
	began   time.Time       // when current began; guarded by mu
}

// sharedFor is the part of limit for which a context is shared.
const sharedFor = 50

// get returns a context that ends after limit at the earliest, and 1/sharedFor of limit later at the
// latest. It is not cancelled before.
func (s *sharedDeadlines) get() context.Context {
	now, window := time.Now(), s.limit/sharedFor
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || now.Sub(s.began) > window {
		ctx, cancel := context.WithDeadline(context.Background(), now.Add(s.limit+window))
		context.AfterFunc(ctx, cancel)
		s.current, s.began = ctx, now
	}
	return s.current
}
