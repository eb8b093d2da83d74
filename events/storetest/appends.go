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
	wantConflict := func(expected events.Revision) {
		b.Helper()
		_, err := b.store.Append(b.ctx, stream, expected, b.batch(1))
		b.wantErr(err, events.ErrConflict)
	}
	wantConflict(0)
	wantConflict(7)
	b.append(stream, events.NoStream, b.batch(1))
	wantConflict(events.NoStream)
	wantConflict(1)
	b.append(stream, 0, b.batch(3))
	wantConflict(events.NoStream)
	wantConflict(0)
	wantConflict(2)
	wantConflict(4)
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

// oneWinnerPerRevision: of concurrent appends that expect the same revision, one succeeds, and the stream has the
// events of those that succeeded.
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
			if _, duplicate := winners[appended.Revision]; duplicate || appended.Revision != expected+1 {
				mu.Unlock()
				return fmt.Errorf("append that expects revision %d returned revision %d, want %d and only once (duplicate: %t)",
					expected, appended.Revision, expected+1, duplicate)
			}
			winners[appended.Revision] = batch[0]
			mu.Unlock()
		}
		return nil
	})
	page := b.read(stream, 0, events.Forward, 2*rounds)
	if len(page) != len(winners) || len(page) != rounds {
		b.Fatalf("the stream has %d events and %d appends succeeded, want %d", len(page), len(winners), rounds)
	}
	for i := range page {
		winner := winners[page[i].Revision]
		if err := diff(&page[i].Event, &winner); err != nil {
			b.Fatalf("revision %d: %v", i, err)
		}
	}
}

// concurrentStreams: appends to different streams are independent of each other.
func concurrentStreams(b *suite) {
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
				b.Fatalf("Append of revision %d returned position %d, want %d", appended.Revision, appended.Position, at)
			}
			for back := range (n + i) % 4 { // the other events of the batch
				at := page[int(appended.Revision)-back-1].Position
				if want := appended.Position - events.Position(back) - 1; appended.Consecutive && at != want {
					b.Fatalf("revision %d of a consecutive batch is at position %d, want %d", int(appended.Revision)-back-1, at, want)
				}
			}
		}
	}
}

// batchIsAtomic: concurrent readers of the stream and of the log see all events of a batch or none.
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
			if err := b.checkBatches(n, stream, size); err != nil {
				return err
			}
		}
	})
	all := b.log()
	for i, r := range all {
		if r.Stream != all[i/size*size].Stream {
			b.Fatalf("event %d of the log is in %s, inside a batch of %s", i, r.Stream, all[i/size*size].Stream)
		}
	}
}

// checkBatches checks that the stream, for reader 1, or the log ends with a whole batch.
func (b *suite) checkBatches(reader int, stream events.StreamID, size int) error {
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

// bytesArePreserved: names, data and metadata are returned byte for byte.
func bytesArePreserved(b *suite) {
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

// toText maps bytes to letters, because some stores accept only JSON.
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
		b.Fatalf("the log has %d events after a refused append, want 0", len(all))
	}
}

// concurrently runs f n times concurrently, and fails the test if any of them returns an error.
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
