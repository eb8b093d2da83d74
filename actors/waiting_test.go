package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// frozenStore is a log that does not answer reads.
type frozenStore struct{ events.Store }

func (frozenStore) Read(ctx context.Context, _ events.StreamID, _ events.Revision, _ events.Direction,
	_ int) ([]events.Recorded, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestAnswerTimeout: with a context without deadline, a caller waits for the desk's AnswerTimeout;
// its view is not run afterwards.
func TestAnswerTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, err := NewEngine()
		if err != nil {
			t.Fatal(err)
		}
		d := NewDesk(engine, Config{Store: frozenStore{}, Kinds: []core.Kind{product.Kind}, AnswerTimeout: 2 * time.Second,
			LoadTimeout: 5 * time.Second})
		began := time.Now()
		_, err = d.View(context.Background(), "product-a", func(core.Core) { t.Error("it was read") })
		if waited := time.Since(began); !errors.Is(err, ErrUnavailable) || waited != 2*time.Second {
			t.Errorf("after %v: %v", waited, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = d.View(ctx, "product-a", func(core.Core) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a deadline of its own: %v", err)
		}
		time.Sleep(time.Minute)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
