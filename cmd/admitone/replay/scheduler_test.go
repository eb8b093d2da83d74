package replay

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/cmd/admitone/kinds"
)

// TestScheduler runs random requests, and checks the order of their starts and ends against the
// contract of each use.
func TestScheduler(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	type request struct {
		needs      []kinds.Need
		start, end int64
	}
	var all []*request
	var now atomic.Int64
	var inFlight sync.WaitGroup
	s := scheduler{}
	for i := range 2000 {
		r := &request{}
		for _, name := range rng.Perm(4)[:1+rng.IntN(2)] {
			r.needs = append(r.needs, kinds.Need{Resource: fmt.Sprint(name), Use: kinds.Use(rng.IntN(4))})
		}
		all = append(all, r)
		wait, done := s.schedule(r.needs)
		inFlight.Go(func() {
			for _, before := range wait {
				<-before
			}
			r.start = now.Add(1)
			runtime.Gosched()
			r.end = now.Add(1)
			done()
		})
		if i%100 == 99 {
			s.prune()
		}
	}
	inFlight.Wait()
	overlapping := 0
	for j, later := range all {
		for _, earlier := range all[max(0, j-50):j] {
			if after(earlier.needs, later.needs) && earlier.end > later.start {
				t.Fatalf("seed %d: %v started before %v ended; want it to wait", seed, later.needs, earlier.needs)
			}
			if earlier.end > later.start {
				overlapping++
			}
		}
	}
	if overlapping == 0 {
		t.Errorf("seed %d: no two requests were in flight together; want some", seed)
	}
	if s.prune(); len(s) != 0 {
		t.Errorf("%d resources are left; want 0", len(s))
	}
}

// after reports whether a request has to wait for an earlier one.
func after(earlier, later []kinds.Need) bool {
	for _, a := range earlier {
		for _, b := range later {
			exclusive := a.Use == kinds.Exclusive || b.Use == kinds.Exclusive
			if a.Resource == b.Resource && (exclusive || a.Use == kinds.Release && b.Use == kinds.Acquire) {
				return true
			}
		}
	}
	return false
}
