package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"admitone/events"
)

func expectedRevision(b *suite) {
	stream := b.stream("a")
	refused := func(expected events.Revision) {
		b.Helper()
		_, err := b.store.Append(b.ctx, stream, expected, b.batch(1))
		b.wantErr(err, events.ErrConflict)
	}
	refused(0)
	refused(7)
	b.append(stream, events.NoStream, b.batch(1))
	refused(events.NoStream)
	refused(1)
	b.append(stream, 0, b.batch(3))
	refused(events.NoStream)
	refused(0)
	refused(2)
	refused(4)
	b.append(stream, 3, b.batch(1))
}

func conflictWritesNothing(b *suite) {
	stream := b.stream("a")
	want := b.batch(2)
	b.append(stream, events.NoStream, want)
	_, err := b.store.Append(b.ctx, stream, 0, b.batch(2))
	b.wantErr(err, events.ErrConflict)
	b.checkAppended(b.read(stream, 0, events.Forward, 10), want, 0, 1)
	_, err = b.store.Append(b.ctx, b.stream("b"), 0, b.batch(1))
	b.wantErr(err, events.ErrConflict)
	b.checkAppended(b.read(b.stream("b"), 0, events.Forward, 10), nil, 0, 1)
	if all := b.log(); len(all) != len(want) {
		b.Fatalf("the log has %d events, want %d", len(all), len(want))
	}
}

// oneWinnerPerRevision runs concurrent writers of one stream: of all that expect a revision one
// succeeds, and the stream contains their events.
func oneWinnerPerRevision(b *suite) {
	const writers, rounds = 16, 40
	stream := b.stream("a")
	var mu sync.Mutex
	winners := make(map[events.Revision]events.Event)
	b.concurrently(writers, func(int) error {
		for expected := events.NoStream; expected < rounds-1; expected++ {
			batch := b.batch(1)
			appended, err := b.store.Append(b.ctx, stream, expected, batch)
			if errors.Is(err, events.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			mu.Lock()
			if _, twice := winners[appended.Revision]; twice || appended.Revision != expected+1 {
				mu.Unlock()
				return fmt.Errorf("expected %d, won %d (twice: %t)", expected, appended.Revision, twice)
			}
			winners[appended.Revision] = batch[0]
			mu.Unlock()
		}
		return nil
	})
	page := b.read(stream, 0, events.Forward, 2*rounds)
	if len(page) != len(winners) || len(page) != rounds {
		b.Fatalf("%d events and %d winners, want %d", len(page), len(winners), rounds)
	}
	for i := range page {
		winner := winners[page[i].Revision]
		if err := diff(&page[i].Event, &winner); err != nil {
			b.Fatalf("revision %d: %v", i, err)
		}
	}
}

func manyStreamsAtOnce(b *suite) {
	const streams, appends = 32, 30
	want := make([][]events.Event, streams)
	results := make([][]events.Appended, streams)
	b.concurrently(streams, func(n int) error {
		stream := b.stream(fmt.Sprint(n))
		for i := range appends {
			batch := b.batch(1 + (n+i)%4)
			appended, err := b.store.Append(b.ctx, stream, events.Revision(len(want[n]))-1, batch)
			if err != nil {
				return err
			}
			want[n] = append(want[n], batch...)
			results[n] = append(results[n], appended)
		}
		return nil
	})
	for n := range streams {
		page := b.read(b.stream(fmt.Sprint(n)), 0, events.Forward, len(want[n])+1)
		b.checkAppended(page, want[n], 0, 1)
		for i, appended := range results[n] {
			if at := page[appended.Revision].Position; at != appended.Position {
				b.Fatalf("append of revision %d returned position %d, want %d", appended.Revision, appended.Position, at)
			}
			for back := range (n + i) % 4 { // the events before it in its batch
				at := page[int(appended.Revision)-back-1].Position
				if want := appended.Position - events.Position(back) - 1; appended.Consecutive && at != want {
					b.Fatalf("positions are reported as consecutive, but %d is at %d, not %d", int(appended.Revision)-back-1, at, want)
				}
			}
		}
	}
}

// batchIsAtomic reads while batches are appended: a batch is visible as a whole or not at all, in
// the stream and in the log.
func batchIsAtomic(b *suite) {
	const size, rounds = 17, 60
	stream := b.stream("a")
	done := make(chan struct{})
	b.concurrently(3, func(n int) error {
		if n == 0 {
			defer close(done)
			for i := range rounds {
				if _, err := b.store.Append(b.ctx, stream, events.Revision(i*size)-1, b.batch(size)); err != nil {
					return err
				}
			}
			return nil
		}
		for {
			select {
			case <-done:
				return nil
			default:
			}
			if err := b.wholeBatches(n, stream, size); err != nil {
				return err
			}
		}
	})
	all := b.log()
	for i, r := range all {
		if r.Stream != all[i/size*size].Stream {
			b.Fatalf("event %d of the log is inside another batch", i)
		}
	}
}

func (b *suite) wholeBatches(reader int, stream events.StreamID, size int) error {
	if reader == 1 {
		last, err := b.store.Read(b.ctx, stream, events.EndRevision, events.Backward, 1)
		if err != nil || len(last) == 0 {
			return err
		}
		if int(last[0].Revision+1)%size != 0 {
			return fmt.Errorf("the stream ends in the middle of a batch, at revision %d", last[0].Revision)
		}
		return nil
	}
	n := 0
	for r, err := range events.All(b.ctx, b.store, b.begin) {
		if err != nil {
			return err
		}
		if b.isOwn(r) {
			n++
		}
	}
	if n%size != 0 {
		return fmt.Errorf("the log ends in the middle of a batch, after %d events", n)
	}
	return nil
}

func bytesAreKept(b *suite) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	large := make([]byte, 300_000)
	for i := range large {
		large[i] = byte(i * i >> 3)
	}
	batch := b.batch(6)
	batch[0].Data, batch[0].Metadata = []byte(`{"name":"Zoë \u0000 \"𝄞\""}`), []byte(`{"a" : 1.50,"a":2}`)
	batch[1].Data, batch[1].Metadata = []byte(`{}`), []byte(`{}`)
	batch[2].Data, batch[2].Metadata = append([]byte(`{"large":"`), append(toText(large), `"}`...)...),
		append([]byte(`{"m":"`), append(toText(every), `"}`...)...)
	batch[3].Data, batch[3].Metadata = []byte("{\n\t\"spaces\":  true }\n"), []byte(` { } `)
	batch[4].Type = "storetest.länger-als-üblich.v1"
	batch[5].ID = events.ID{0xff, 0, 0x7f, 0x80}
	want := make([]events.Event, len(batch))
	copy(want, batch)
	stream := b.stream("Grüße ~/\\%2F..\"")
	b.append(stream, events.NoStream, batch)
	page := b.read(stream, 0, events.Forward, 10)
	b.checkAppended(page, want, 0, 1)
	all := b.log()
	b.checkEqual(all, page)
	if all[0].Stream != stream {
		b.Fatalf("stream %q, want %q", all[0].Stream, stream)
	}
}

// toText maps bytes to printable ones: some stores accept JSON only.
func toText(p []byte) []byte {
	text := make([]byte, len(p))
	for i, c := range p {
		text[i] = 'a' + c%26
	}
	return text
}

func contextEndedBefore(b *suite) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	stream := b.stream("a")
	_, err := b.store.Append(ctx, stream, events.NoStream, b.batch(1))
	b.wantErr(err, events.ErrUnavailable)
	_, err = b.store.Read(ctx, stream, 0, events.Forward, 1)
	b.wantErr(err, context.Canceled)
	_, err = b.store.ReadAll(ctx, b.begin, events.Forward, 1)
	b.wantErr(err, context.Canceled)
	_, err = b.store.Head(ctx)
	b.wantErr(err, context.Canceled)
	if all := b.log(); len(all) != 0 {
		b.Fatalf("%d events were written, want 0", len(all))
	}
}

// concurrently runs f n times concurrently and fails the test with their errors.
func (b *suite) concurrently(n int, f func(int) error) {
	b.Helper()
	failures := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failures[i] = f(i) })
	}
	all.Wait()
	b.noErr(errors.Join(failures...))
}
