package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// house is the entities that a deadline index wakes, in synctest's time.
type house struct {
	mu        sync.Mutex
	index     *deadlines
	holds     map[events.StreamID][]time.Time
	most      int  // per wake, 0 for any
	silent    bool // the facts that close holds don't arrive
	fail      int  // how many wakes fail
	wakes     []string
	began     time.Time
	now, high int // wakes under way, and the most there were
	slow      time.Duration
}

func (h *house) hold(stream events.StreamID, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds[stream] = append(h.holds[stream], until)
	h.tell(stream, &events.ProductHeld{ExpiresAt: until})
}

// confirm closes the oldest hold.
func (h *house) confirm(stream events.StreamID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds[stream] = h.holds[stream][1:]
	h.tell(stream, &events.ProductConfirmed{})
}

func (h *house) tell(stream events.StreamID, fact events.Deadlined) {
	if err := h.index.fold(&events.Recorded{Stream: stream}, fact); err != nil {
		panic(err)
	}
}

// wake is what an entity does: it lets go of what has expired.
func (h *house) wake(_ context.Context, stream events.StreamID) (time.Time, error) {
	h.mu.Lock()
	h.now++
	h.high = max(h.high, h.now)
	h.mu.Unlock()
	time.Sleep(h.slow)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now--
	h.wakes = append(h.wakes, fmt.Sprint(stream, " ", time.Since(h.began).Round(time.Millisecond)))
	if h.fail > 0 {
		h.fail--
		return time.Time{}, errors.New("no")
	}
	var left []time.Time
	expired := 0
	for _, until := range h.holds[stream] {
		if time.Now().After(until) && (h.most == 0 || expired < h.most) {
			expired++
		} else {
			left = append(left, until)
		}
	}
	h.holds[stream] = left
	if expired > 0 && !h.silent {
		h.tell(stream, &events.ProductExpired{Expired: make([]events.ExpiredHold, expired)})
	}
	if len(left) == 0 {
		return time.Time{}, nil
	}
	return slices.MinFunc(left, time.Time.Compare), nil
}

// inHouse runs f beside a deadline loop and returns the wakes.
func inHouse(t *testing.T, f func(h *house)) (wakes []string) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{index: newDeadlines(), holds: map[events.StreamID][]time.Time{}, began: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.index.run(ctx, h.wake) }()
		f(h)
		synctest.Wait()
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if h.high > wakesAtOnce {
			t.Errorf("%d wakes at once", h.high)
		}
		wakes = h.wakes
	})
	return wakes
}

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// deadlinePlays are what happens to the house, and whom that has to wake when.
var deadlinePlays = map[string]struct {
	play func(h *house)
	want []string
}{
	"one": {func(h *house) {
		h.hold("x", in(time.Second))
		time.Sleep(time.Hour)
	}, []string{"x 1s"}},
	"not before": {func(h *house) {
		h.hold("x", in(time.Second))
		time.Sleep(time.Second)
	}, nil},
	"the earlier of two, then the later": {func(h *house) {
		h.hold("x", in(3*time.Second))
		h.hold("x", in(time.Second))
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 3s"}},
	"an earlier one comes later": {func(h *house) {
		h.hold("x", in(time.Hour))
		time.Sleep(time.Second)
		h.hold("y", in(time.Second))
		time.Sleep(time.Minute)
	}, []string{"y 2s"}},
	"passed long ago": {func(h *house) {
		h.hold("x", in(-time.Hour))
		time.Sleep(time.Minute)
	}, []string{"x 0s"}},
	"closed before": {func(h *house) {
		h.hold("x", in(time.Second))
		h.confirm("x")
		time.Sleep(time.Hour)
	}, nil},
	"closed, and another opened": {func(h *house) {
		h.hold("x", in(time.Second))
		h.confirm("x")
		h.hold("x", in(time.Minute))
		time.Sleep(time.Hour)
	}, []string{"x 1m0s"}},
	"a bound that was too early": {func(h *house) {
		h.hold("x", in(time.Second))
		h.hold("x", in(time.Minute))
		h.confirm("x")
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 1m0s"}},
	"a few at a time": {func(h *house) {
		h.most = 2
		for range 5 {
			h.hold("x", in(time.Second))
		}
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 1.01s", "x 1.02s"}},
	"failures": {func(h *house) {
		h.fail = 3
		h.hold("x", in(time.Second))
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 1.1s", "x 1.3s", "x 1.7s"}},
	"a hold that the answer under way doesn't know of": {func(h *house) {
		h.slow = 100 * time.Millisecond
		h.hold("x", in(time.Second))
		h.hold("x", in(time.Hour))
		time.Sleep(1050 * time.Millisecond)
		h.tell("x", &events.ProductHeld{ExpiresAt: in(950 * time.Millisecond)})
		time.Sleep(time.Minute)
	}, []string{"x 1.1s", "x 2.1s"}},
	"the entity knows of none": {func(h *house) {
		h.silent = true
		h.hold("x", in(time.Second))
		time.Sleep(2 * time.Minute)
	}, []string{"x 1s", "x 1m1s"}},
}

func TestDeadlines(t *testing.T) {
	for name, c := range deadlinePlays {
		t.Run(name, func(t *testing.T) {
			if got := inHouse(t, c.play); !slices.Equal(got, c.want) {
				t.Errorf("woken %v, want %v", got, c.want)
			}
		})
	}
}

func TestManyDeadlinesAtOnce(t *testing.T) {
	wakes := inHouse(t, func(h *house) {
		h.slow = time.Second
		for i := range 1000 {
			h.hold(events.StreamID(fmt.Sprint("x-", i)), time.Now().Add(time.Second))
		}
		time.Sleep(time.Minute)
	})
	slices.Sort(wakes)
	if len(slices.Compact(wakes)) != 1000 {
		t.Errorf("%d wakes, want one for each of 1000", len(wakes))
	}
}

// Deadlines that passed while the program was down are noticed when it is back.
func TestDeadlinesAfterARestart(t *testing.T) {
	for _, end := range []string{"closed", "crashed", "deleted"} {
		t.Run(end, func(t *testing.T) {
			log, fs := newMemoryLog(), vfs.NewCrashableMem()
			past := time.Now().Add(-time.Hour)
			for _, id := range []string{"a", "b", "c"} {
				log.add(product(id),
					&events.ProductCreated{ProductID: id, Stock: 3},
					&events.ProductHeld{ReservationID: "r", Quantity: 1, ExpiresAt: past, Remaining: 2})
			}
			last := log.add(product("b"), &events.ProductConfirmed{ReservationID: "r", Quantity: 1, Remaining: 2})
			p := opened(t, log, fs)
			stop := started(t, p)
			waitFor(t, p, last)
			stop()
			switch end {
			case "crashed":
				fs = fs.CrashClone(vfs.CrashCloneCfg{})
			case "deleted":
				p.Close()
				if err := fs.RemoveAll("views"); err != nil {
					t.Fatal(err)
				}
			}
			p.Close()

			p = opened(t, log, fs)
			started(t, p)
			woken := make(chan events.StreamID)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() {
				done <- p.RunDeadlines(ctx, func(ctx context.Context, stream events.StreamID) (time.Time, error) {
					select {
					case woken <- stream:
					case <-ctx.Done():
					}
					return time.Now().Add(time.Hour), nil
				})
			}()
			got := []events.StreamID{<-woken, <-woken}
			slices.Sort(got)
			if !slices.Equal(got, []events.StreamID{"product-a", "product-c"}) {
				t.Errorf("woken %v", got)
			}
			if n := p.Stats().Deadlines; n != 2 {
				t.Errorf("%d streams with open holds, want 2", n)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}
