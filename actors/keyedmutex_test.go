package actors

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestKeyedMutex: a key has one owner at a time, other keys don't wait, too many waiters are refused
// immediately, and an unused key takes no memory.
func TestKeyedMutex(t *testing.T) {
	var mutexes KeyedMutex[string]
	unlock, ok := mutexes.Lock("a")
	if !ok {
		t.Fatal("the first caller of a key was refused")
	}
	unlockOther, ok := mutexes.Lock("b")
	if !ok {
		t.Fatal("the first caller of another key was refused")
	}
	unlockOther()
	var inside, refused atomic.Int64
	var all sync.WaitGroup
	full := make(chan struct{}, 2*maxKeyUsers)
	for range maxKeyUsers + 9 {
		all.Go(func() {
			unlock, ok := mutexes.Lock("a")
			if !ok {
				refused.Add(1)
				full <- struct{}{}
				return
			}
			if inside.Add(1) > 1 {
				t.Error("two callers own the key at the same time, want one")
			}
			runtime.Gosched()
			inside.Add(-1)
			unlock()
		})
	}
	for range 10 { // the owner counts towards the bound
		<-full
	}
	unlock()
	all.Wait()
	if refused.Load() != 10 || len(mutexes.byKey) != 0 {
		t.Errorf("%d refused, %d keys left, want 10, 0", refused.Load(), len(mutexes.byKey))
	}
}
