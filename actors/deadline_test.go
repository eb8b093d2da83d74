package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestSharedDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 5 * time.Second
		s := sharedDeadlines{limit: limit}
		first := s.get()
		for _, after := range []time.Duration{0, limit / 100, limit / 100} {
			time.Sleep(after)
			if s.get() != first {
				t.Fatalf("after another %v: another context, want the first", after)
			}
		}
		for range 200 {
			asked := time.Now()
			ctx := s.get()
			ends, ok := ctx.Deadline()
			if left := ends.Sub(asked); !ok || ctx.Err() != nil || left < limit || left > limit+limit/sharedDivisor {
				t.Fatalf("a context ends after %v (%v), want %v to %v", left, ctx.Err(), limit, limit+limit/sharedDivisor)
			}
			time.Sleep(37 * time.Millisecond)
		}
		if s.get() == first {
			t.Error("the first context is still shared, want another")
		}
		<-first.Done() // or the bubble is deadlocked
		if !errors.Is(first.Err(), context.DeadlineExceeded) {
			t.Errorf("the context ended with %v, want %v", first.Err(), context.DeadlineExceeded)
		}
	})
}
