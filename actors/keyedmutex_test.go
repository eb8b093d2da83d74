package actors

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestTurns: a key has one owner at a time, other keys don't wait, too many waiters are refused at
// once, and nothing is left of an unused key.
func TestTurns(t *testing.T) {
	var turns KeyedMutex[string]
	end, ok := turns.Lock("a")
	if !ok {
		t.Fatal("the first caller of a key was refused")
	}
	endOther, ok := turns.Lock("b")
	if !ok {
		t.Fatal("the first caller of another key was refused")
	}
	endOther()
	var inside, refused atomic.Int64
	var all sync.WaitGroup
	full := make(chan struct{}, 2*maxKeyUsers)
	for range maxKeyUsers + 9 {
		all.Go(func() {
			end, ok := turns.Lock("a")
			if !ok {
				refused.Add(1)
				full <- struct{}{}
				return
			}
			if inside.Add(1) > 1 {
				t.Error("two callers own the key at once")
			}
			runtime.Gosched()
			inside.Add(-1)
			end()
		})
	}
	for range 10 { // the owner counts towards the bound
		<-full
	}
	end()
	all.Wait()
	if refused.Load() != 10 || len(turns.byKey) != 0 {
		t.Errorf("%d refused, %d keys left, want 10, 0", refused.Load(), len(turns.byKey))
	}
}
