package storetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"admitone/events"
)

// async returns the store as an AsyncAppender, or skips the test.
func (b *suite) async() events.AsyncAppender {
	async, ok := b.store.(events.AsyncAppender)
	if !ok {
		b.Skip("this store does not implement events.AsyncAppender")
	}
	return async
}

// outcome has the arguments of the callback of AppendThen.
type outcome struct {
	appended events.Appended
	err      error
}

// appendThen appends n events and returns the outcome.
func (b *suite) appendThen(async events.AsyncAppender, stream events.StreamID, expected events.Revision,
	n int) outcome {
	b.Helper()
	outcomes := make(chan outcome, 2)
	b.noErr(async.AppendThen(b.ctx, stream, expected, b.batch(n), func(appended events.Appended, err error) {
		outcomes <- outcome{appended, err}
	}))
	select {
	case o := <-outcomes:
		return o
	case <-b.ctx.Done():
		b.Fatalf("the callback of AppendThen was not called: %v", b.ctx.Err())
		return outcome{}
	}
}

// appendThenResults: the outcomes are those of Append.
func appendThenResults(b *suite) {
	async, stream := b.async(), b.stream("a")
	for n, test := range []struct {
		expected events.Revision
		events   int
		want     error
	}{
		{0, 1, events.ErrConflict}, {events.NoStream, 2, nil}, {events.NoStream, 1, events.ErrConflict}, {1, 3, nil},
		{3, 1, events.ErrConflict}, {5, 1, events.ErrConflict}, {4, 1, nil},
	} {
		o := b.appendThen(async, stream, test.expected, test.events)
		if test.want != nil {
			b.wantErr(o.err, test.want)
			continue
		}
		b.noErr(o.err)
		last := b.read(stream, events.EndRevision, events.Backward, 1)
		if len(last) != 1 || last[0].Revision != test.expected+events.Revision(test.events) ||
			o.appended.Revision != last[0].Revision || o.appended.Position != last[0].Position {
			b.Fatalf("append %d: outcome %+v, want the revision and position of the stream's last event %v", n, o.appended, last)
		}
	}
}

// appendThenConcurrently: the callback of each append is called once, and all events are then in the log.
func appendThenConcurrently(b *suite) {
	async := b.async()
	const writers, appends = 8, 200
	var calls [writers][appends]atomic.Int32
	var waiting sync.WaitGroup
	waiting.Add(writers * appends)
	b.concurrently(writers, func(n int) error {
		for i := range appends {
			stream := b.stream(fmt.Sprint(n, "-", i))
			err := async.AppendThen(b.ctx, stream, events.NoStream, b.batch(1), func(appended events.Appended, err error) {
				if err == nil && appended.Revision == 0 && appended.Position > b.begin {
					calls[n][i].Add(1)
				}
				waiting.Done()
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	waiting.Wait()
	for n := range calls {
		for i := range calls[n] {
			if c := calls[n][i].Load(); c != 1 {
				b.Fatalf("the callback of append %d of writer %d was called with success %d times, want 1", i, n, c)
			}
		}
	}
	if all := b.log(); len(all) != writers*appends {
		b.Fatalf("the log has %d events, want %d", len(all), writers*appends)
	}
}

// appendThenRefused: the callback of a refused append is not called. Close waits for the callbacks of all others.
func appendThenRefused(b *suite) {
	async := b.async()
	never := func(events.Appended, error) { b.Error("the callback of a refused append was called") }
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	b.wantErr(async.AppendThen(ctx, b.stream("a"), events.NoStream, b.batch(1), never), events.ErrUnavailable)
	const appends = 100
	var called atomic.Int32
	ctx, cancel = context.WithCancel(b.ctx)
	for i := range appends {
		stream := b.stream(fmt.Sprint(i))
		b.noErr(async.AppendThen(ctx, stream, events.NoStream, b.batch(1), func(_ events.Appended, err error) {
			for range 100 {
				runtime.Gosched() // so that a Close that does not wait returns first
			}
			if err == nil {
				called.Add(1)
			}
		}))
	}
	cancel() // has no effect on appends that were accepted
	b.closed = true
	b.noErr(b.store.Close())
	if called.Load() != appends {
		b.Fatalf("%d callbacks were called with success before Close returned, want %d", called.Load(), appends)
	}
	b.wantErr(async.AppendThen(b.ctx, b.stream("a"), events.NoStream, b.batch(1), never), events.ErrClosed)
}
