package actors

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"

	"pgregory.net/rapid"
)

// frozenStore is a log that does not answer reads.
type frozenStore struct{ events.Store }

func (frozenStore) Read(ctx context.Context, _ events.StreamID, _ events.Revision, _ events.Direction,
	_ int) ([]events.Recorded, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestAnswerTimeout: if its context has no deadline, a caller waits no longer than AnswerTimeout, and its
// view does not run afterwards.
func TestAnswerTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, err := NewEngine()
		if err != nil {
			t.Fatal(err)
		}
		d := NewDesk(engine, Config{Store: frozenStore{}, Kinds: []core.Kind{product.Kind}, AnswerTimeout: 2 * time.Second,
			LoadTimeout: 5 * time.Second})
		began := time.Now()
		_, err = d.View(context.Background(), "product-a", func(core.Core) { t.Error("the view ran after the timeout") })
		if waited := time.Since(began); !errors.Is(err, ErrUnavailable) || waited != 2*time.Second {
			t.Errorf("after %v: %v, want %v after %v", waited, err, ErrUnavailable, 2*time.Second)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = d.View(ctx, "product-a", func(core.Core) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a deadline of its own: %v, want %v", err, context.DeadlineExceeded)
		}
		time.Sleep(time.Minute)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestWaitersEndInTime: of callers who begin at different times, those without an answer within
// the limit wait exactly that long, and the others until their answer.
func TestWaitersEndInTime(t *testing.T) {
	const limit = 2 * time.Second
	rapid.Check(t, func(rt *rapid.T) {
		waits := rapid.SliceOfN(rapid.IntRange(0, 4000), 1, 50).Draw(rt, "milliseconds until the answer")
		begins := rapid.SliceOfN(rapid.IntRange(0, 6000), len(waits), len(waits)).Draw(rt, "milliseconds until the beginning")
		synctest.Test(t, func(t *testing.T) {
			d := &Desk{waiters: waiters{limit: limit}, config: Config{AnswerTimeout: limit}}
			var callers sync.WaitGroup
			for i := range waits {
				wait, begin := time.Duration(waits[i])*time.Millisecond+1, time.Duration(begins[i])*time.Millisecond
				callers.Go(func() {
					time.Sleep(begin)
					p, began := d.envelopes.get(), time.Now()
					time.AfterFunc(wait, func() { p.reply <- result{answer: Answer{Revision: events.Revision(wait)}} })
					r, err := d.receive(context.Background(), p)
					waited := time.Since(began)
					switch {
					case wait < limit && (err != nil || waited != wait || r.answer.Revision != events.Revision(wait)):
						t.Errorf("caller answered after %v: got %v, %v after %v, want the answer then", wait, r, err, waited)
					case wait > limit && (!errors.Is(err, ErrUnavailable) || waited != limit):
						t.Errorf("caller without an answer for %v: %v after %v, want ErrUnavailable at the limit", wait, err, waited)
					}
					if err == nil {
						d.envelopes.put(p)
					}
				})
			}
			callers.Wait()
			time.Sleep(time.Minute)
			d.waiters.mu.Lock()
			defer d.waiters.mu.Unlock()
			if d.waiters.oldest != nil || d.waiters.newest != nil || d.waiters.timer != nil {
				t.Error("waiters remain after all callers returned, want none")
			}
		})
	})
}
