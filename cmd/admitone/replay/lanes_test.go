package replay

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestLanes lets random requests loose, and holds when they began and ended against
// what each use promises.
func TestLanes(t *testing.T) {
	seed := rand.Uint64()
	chance := rand.New(rand.NewPCG(seed, 0))
	type request struct {
		needs      []need
		begun, end int64
	}
	var all []*request
	var now atomic.Int64
	var under sync.WaitGroup
	l := lanes{}
	for i := range 2000 {
		r := &request{}
		for _, name := range chance.Perm(4)[:1+chance.IntN(2)] {
			r.needs = append(r.needs, need{fmt.Sprint(name), use(chance.IntN(4))})
		}
		all = append(all, r)
		wait, done := l.enter(r.needs)
		under.Go(func() {
			for _, before := range wait {
				<-before
			}
			r.begun = now.Add(1)
			runtime.Gosched()
			r.end = now.Add(1)
			done()
		})
		if i%100 == 99 {
			l.tidy()
		}
	}
	under.Wait()
	together := 0
	for j, later := range all {
		for _, earlier := range all[max(0, j-50):j] {
			if after(earlier.needs, later.needs) && earlier.end > later.begun {
				t.Fatalf("seed %d: %v began before %v had ended", seed, later.needs, earlier.needs)
			}
			if earlier.end > later.begun {
				together++
			}
		}
	}
	if together == 0 {
		t.Error("nothing ever went side by side")
	}
	if l.tidy(); len(l) != 0 {
		t.Errorf("%d lanes are left", len(l))
	}
}

// after says whether a request has to wait for an earlier one.
func after(earlier, later []need) bool {
	for _, a := range earlier {
		for _, b := range later {
			if a.lane == b.lane && (a.use == alone || b.use == alone || a.use == give && b.use == take) {
				return true
			}
		}
	}
	return false
}
