package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"admitone/events"
)

// appender returns the store as a MultiAppender, or skips the test.
func (b *suite) appender() events.MultiAppender {
	multi, ok := b.store.(events.MultiAppender)
	if !ok {
		b.Skip("this store does not implement events.MultiAppender")
	}
	return multi
}

func appendTo(stream events.StreamID, expected events.Revision, batch []events.Event) events.StreamAppend {
	return events.StreamAppend{Stream: stream, Expected: expected, Batch: batch}
}

// appendAll appends to several streams, which must succeed, and checks the results.
func (b *suite) appendAll(multi events.MultiAppender, appends ...events.StreamAppend) {
	b.Helper()
	want := make([]events.StreamAppend, len(appends))
	copy(want, appends)
	results, err := multi.AppendAll(b.ctx, appends)
	b.noErr(err)
	if len(results) != len(want) {
		b.Fatalf("%d results, want %d", len(results), len(want))
	}
	for i, a := range want {
		page := b.read(a.Stream, a.Expected+1, events.Forward, len(a.Batch)+1)
		b.checkAppended(page, a.Batch, a.Expected+1, 1)
		last := page[len(page)-1]
		if results[i].Revision != last.Revision || results[i].Position != last.Position {
			b.Fatalf("append to %s returned %+v, want revision %d, position %d", a.Stream, results[i], last.Revision,
				last.Position)
		}
	}
}

func appendAllToStreams(b *suite) {
	multi := b.appender()
	a, c, d := b.stream("a"), b.stream("c"), b.stream("d")
	b.append(c, events.NoStream, b.batch(3))
	first := []events.StreamAppend{
		appendTo(a, events.NoStream, b.batch(2)), appendTo(c, 2, b.batch(1)), appendTo(d, events.NoStream, b.batch(4)),
	}
	var want []events.Event
	for _, s := range first {
		want = append(want, s.Batch...)
	}
	b.appendAll(multi, first...)
	all := b.log()[3:]
	if len(all) != len(want) {
		b.Fatalf("the log has %d events, want %d", len(all), len(want))
	}
	for i := range all {
		if err := diff(&all[i].Event, &want[i]); err != nil {
			b.Fatalf("event %d of the log: %v", i, err)
		}
	}
	b.appendAll(multi, appendTo(d, 3, b.batch(1)))
	b.appendAll(multi, appendTo(d, 4, b.batch(1)), appendTo(a, 1, b.batch(1)))
	b.append(a, 2, b.batch(1))
}

// appendAllConflict: if streams conflict, nothing is written, and the error names the first of them.
func appendAllConflict(b *suite) {
	multi := b.appender()
	streams := []events.StreamID{b.stream("a"), b.stream("c"), b.stream("d")}
	last := []events.Revision{events.NoStream, 1, 0}
	b.append(streams[1], events.NoStream, b.batch(2))
	b.append(streams[2], events.NoStream, b.batch(1))
	before := b.log()
	for conflicts := 1; conflicts < 1<<len(streams); conflicts++ { // a bit for each stream
		var appends []events.StreamAppend
		var first events.StreamID
		for i, stream := range streams {
			a := appendTo(stream, last[i], b.batch(1+i))
			if conflicts&(1<<i) != 0 {
				a.Expected++
				if first == "" {
					first = stream
				}
			}
			appends = append(appends, a)
		}
		_, err := multi.AppendAll(b.ctx, appends)
		b.wantErr(err, events.ErrConflict)
		var conflict *events.ConflictError
		if !errors.As(err, &conflict) || conflict.Stream != first || conflict.Expected != conflict.Last+1 {
			b.Fatalf("AppendAll: %v, want a conflict of %s", err, first)
		}
	}
	b.checkEqual(b.log(), before)
	for i, stream := range streams {
		b.append(stream, last[i], b.batch(1))
	}
}

// appendAllConcurrently: concurrent writers append to pairs of streams, and a reader sees both events of a pair or
// none.
func appendAllConcurrently(b *suite) {
	const writers, streams, rounds = 8, 5, 25
	multi := b.appender()
	var won atomic.Int64
	active := atomic.Int64{}
	active.Store(writers)
	b.concurrently(writers+1, func(n int) error {
		if n == writers {
			for active.Load() > 0 {
				if err := b.checkPairs(); err != nil {
					return err
				}
			}
			return nil
		}
		defer active.Add(-1)
		for i := range rounds {
			one, other := b.stream(fmt.Sprint((n+i)%streams)), b.stream(fmt.Sprint((n+2*i+1)%streams))
			if one == other {
				continue
			}
			for {
				err := b.appendPair(multi, one, other)
				if errors.Is(err, events.ErrConflict) {
					continue
				}
				if err != nil {
					return err
				}
				won.Add(1)
				break
			}
		}
		return nil
	})
	if all := b.log(); len(all) != int(2*won.Load()) {
		b.Fatalf("the log has %d events, want %d", len(all), 2*won.Load())
	}
	b.noErr(b.checkPairs())
}

// appendPair appends an event to the end of each of two streams.
func (b *suite) appendPair(multi events.MultiAppender, one, other events.StreamID) error {
	appends := []events.StreamAppend{
		appendTo(one, events.NoStream, b.batch(1)), appendTo(other, events.NoStream, b.batch(1)),
	}
	for i := range appends {
		last, err := b.store.Read(b.ctx, appends[i].Stream, events.EndRevision, events.Backward, 1)
		if err != nil {
			return err
		}
		if len(last) > 0 {
			appends[i].Expected = last[0].Revision
		}
	}
	_, err := multi.AppendAll(b.ctx, appends)
	return err
}

// checkPairs checks that the log consists of pairs of events in different streams.
func (b *suite) checkPairs() error {
	n := 0
	var before events.StreamID
	for r, err := range events.All(b.ctx, b.store, b.begin) {
		if err != nil {
			return err
		}
		if !b.isOwn(r) {
			continue
		}
		if n++; n%2 == 0 && r.Stream == before {
			return fmt.Errorf("events %d and %d are both in %s, want a pair in two streams", n-1, n, r.Stream)
		}
		before = r.Stream
	}
	if n%2 != 0 {
		return fmt.Errorf("the log has %d events, want an even number", n)
	}
	return nil
}

func appendAllRefused(b *suite) {
	multi := b.appender()
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	appends := func() []events.StreamAppend {
		return []events.StreamAppend{
			appendTo(b.stream("a"), events.NoStream, b.batch(1)), appendTo(b.stream("c"), events.NoStream, b.batch(1)),
		}
	}
	_, err := multi.AppendAll(ctx, appends())
	b.wantErr(err, events.ErrUnavailable)
	if all := b.log(); len(all) != 0 {
		b.Fatalf("the log has %d events after a refused append, want 0", len(all))
	}
	b.closed = true
	b.noErr(b.store.Close())
	_, err = multi.AppendAll(b.ctx, appends())
	b.wantErr(err, events.ErrClosed)
}
