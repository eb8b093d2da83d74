package actors

import (
	"context"
	"sync"
	"time"
)

// sharedDeadlines returns contexts that bound appends. Appends that begin shortly after each other
// share a context, because one for each append, with its timer, would cost a twentieth of the memory
// that a booking allocates. It is safe for concurrent use.
type sharedDeadlines struct {
	limit time.Duration

	mu      sync.Mutex
	current context.Context // guarded by mu
	began   time.Time       // when current began; guarded by mu
}

// A context is shared by the appends that begin within limit/sharedDivisor.
const sharedDivisor = 50

// get returns a context that ends after limit at the earliest and after limit + limit/sharedDivisor at
// the latest. It is never cancelled before its deadline.
func (s *sharedDeadlines) get() context.Context {
	now, window := time.Now(), s.limit/sharedDivisor
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || now.Sub(s.began) > window {
		ctx, cancel := context.WithDeadline(context.Background(), now.Add(s.limit+window))
		context.AfterFunc(ctx, cancel)
		s.current, s.began = ctx, now
	}
	return s.current
}
