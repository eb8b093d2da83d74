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
		b.Skip("this store can't append to several streams at once")
	}
	return multi
}

func to(stream events.StreamID, expected events.Revision, batch []events.Event) events.StreamAppend {
	return events.StreamAppend{Stream: stream, Expected: expected, Batch: batch}
}

// appendAll appends to streams with their last revisions and checks the result.
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
		to(a, events.NoStream, b.batch(2)), to(c, 2, b.batch(1)), to(d, events.NoStream, b.batch(4)),
	}
	var want []events.Event
	for _, s := range first {
		want = append(want, s.Batch...)
	}
	b.appendAll(multi, first...)
	all := b.log()[3:]
	if len(all) != len(want) {
		b.Fatalf("%d events, want %d", len(all), len(want))
	}
	for i := range all {
		if err := diff(&all[i].Event, &want[i]); err != nil {
			b.Fatalf("event %d of the log: %v", i, err)
		}
	}
	b.appendAll(multi, to(d, 3, b.batch(1)))
	b.appendAll(multi, to(d, 4, b.batch(1)), to(a, 1, b.batch(1)))
	b.append(a, 2, b.batch(1))
}

// appendAllConflict: if one stream has moved on, nothing is written, and the error names it.
func appendAllConflict(b *suite) {
	multi := b.appender()
	streams := []events.StreamID{b.stream("a"), b.stream("c"), b.stream("d")}
	last := []events.Revision{events.NoStream, 1, 0}
	b.append(streams[1], events.NoStream, b.batch(2))
	b.append(streams[2], events.NoStream, b.batch(1))
	before := b.log()
	for moved := 1; moved < 1<<len(streams); moved++ { // a bit for each stream
		var appends []events.StreamAppend
		var first events.StreamID
		for i, stream := range streams {
			a := to(stream, last[i], b.batch(1+i))
			if moved&(1<<i) != 0 {
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
			b.Fatalf("%v, want a conflict of %s", err, first)
		}
	}
	b.checkEqual(b.log(), before)
	for i, stream := range streams {
		b.append(stream, last[i], b.batch(1))
	}
}

// appendAllConcurrently: writers append to pairs of streams, with one winner per pair of revisions.
// A reader never sees one half.
func appendAllConcurrently(b *suite) {
	const writers, streams, rounds = 8, 5, 25
	multi := b.appender()
	var won atomic.Int64
	left := atomic.Int64{}
	left.Store(writers)
	b.concurrently(writers+1, func(n int) error {
		if n == writers {
			for left.Load() > 0 {
				if err := b.wholePairs(); err != nil {
					return err
				}
			}
			return nil
		}
		defer left.Add(-1)
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
		b.Fatalf("%d events, want %d", len(all), 2*won.Load())
	}
	b.noErr(b.wholePairs())
}

// appendPair appends an event to each of two streams, at their current ends.
func (b *suite) appendPair(multi events.MultiAppender, one, other events.StreamID) error {
	appends := []events.StreamAppend{to(one, events.NoStream, b.batch(1)), to(other, events.NoStream, b.batch(1))}
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

// wholePairs checks that the log has the events of two streams in turn, and ends with a pair.
func (b *suite) wholePairs() error {
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
			return fmt.Errorf("event %d: half of an append to two streams", n)
		}
		before = r.Stream
	}
	if n%2 != 0 {
		return fmt.Errorf("the log ends in the middle of an append, after %d events", n)
	}
	return nil
}

func appendAllRefused(b *suite) {
	multi := b.appender()
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	appends := func() []events.StreamAppend {
		return []events.StreamAppend{
			to(b.stream("a"), events.NoStream, b.batch(1)), to(b.stream("c"), events.NoStream, b.batch(1)),
		}
	}
	_, err := multi.AppendAll(ctx, appends())
	b.wantErr(err, events.ErrUnavailable)
	if all := b.log(); len(all) != 0 {
		b.Fatalf("%d events were written, want 0", len(all))
	}
	b.closed = true
	b.noErr(b.store.Close())
	_, err = multi.AppendAll(b.ctx, appends())
	b.wantErr(err, events.ErrClosed)
}
