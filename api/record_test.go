package api

import (
	"bytes"
	"sync"
)

// record stores the logged lines.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *record) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Reset()
}
