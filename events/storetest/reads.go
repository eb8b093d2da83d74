package storetest

import (
	"fmt"
	"slices"
	"strings"

	"admitone/events"
)

// fillMixed appends batches of different sizes to a stream, interleaved with appends to another stream, and returns
// the events of the first.
func fillMixed(b *suite, stream events.StreamID) []events.Event {
	var all []events.Event
	other := events.NoStream
	for _, size := range []int{1, 3, 1, 7, 2, 1, 1, 11} {
		batch := b.batch(size)
		b.append(stream, events.Revision(len(all))-1, batch)
		all = append(all, batch...)
		other = b.append(b.stream("other"), other, b.batch(2)).Revision
	}
	return all
}

func readForward(b *suite) {
	stream := b.stream("a")
	want := fillMixed(b, stream)
	for from := range len(want) + 2 {
		for _, limit := range []int{1, 2, 5, len(want), len(want) + 5} {
			begin := min(from, len(want))
			end := min(begin+limit, len(want))
			b.checkAppended(b.read(stream, events.Revision(from), events.Forward, limit), want[begin:end],
				events.Revision(from), 1)
		}
	}
}

func readBackward(b *suite) {
	stream := b.stream("a")
	want := fillMixed(b, stream)
	for from := range want {
		for _, limit := range []int{1, 2, 5, len(want), len(want) + 5} {
			begin := max(from+1-limit, 0)
			b.checkAppended(b.read(stream, events.Revision(from), events.Backward, limit), want[begin:from+1],
				events.Revision(from), -1)
		}
	}
	last := events.Revision(len(want) - 1)
	b.checkAppended(b.read(stream, events.EndRevision, events.Backward, 1), want[last:], last, -1)
	b.checkAppended(b.read(stream, events.EndRevision, events.Backward, len(want)+1), want, last, -1)
	b.checkAppended(b.read(stream, last+1, events.Backward, 3), nil, 0, -1)
}

func readEmpty(b *suite) {
	never := b.stream("never")
	b.fill(b.stream("never-quite"), 3)
	for _, from := range []events.Revision{0, 1, 1000, events.EndRevision} {
		for _, dir := range []events.Direction{events.Forward, events.Backward} {
			b.checkAppended(b.read(never, from, dir, 10), nil, 0, 1)
		}
	}
	b.checkAppended(b.read(b.stream("never-quite"), events.EndRevision, events.Forward, 10), nil, 0, 1)
}

func readAllForward(b *suite) {
	fillMixed(b, b.stream("a"))
	all := b.log()
	for i := range all {
		b.checkEqual(b.page(all[i].Position, events.Forward, 4, all[len(all)-1].Position), all[i+1:min(i+5, len(all))])
	}
	end, err := b.store.Head(b.ctx)
	b.noErr(err)
	page, err := b.store.ReadAll(b.ctx, end+1, events.Forward, 10)
	b.noErr(err)
	if ours := slices.DeleteFunc(page, func(r events.Recorded) bool { return !b.isOwn(r) }); len(ours) != 0 {
		b.Fatalf("ReadAll from after the head returned %d events, want 0", len(ours))
	}
}

func readAllBackward(b *suite) {
	fillMixed(b, b.stream("a"))
	all := b.log()
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	for i := range backwards {
		b.checkEqual(b.page(backwards[i].Position, events.Backward, 4, b.begin), backwards[i+1:min(i+5, len(all))])
	}
	b.checkEqual(b.page(events.EndPosition, events.Backward, 3, b.begin), backwards[:3])
	page, err := b.store.ReadAll(b.ctx, 0, events.Backward, 10)
	b.noErr(err)
	if len(page) != 0 {
		b.Fatalf("ReadAll backward from 0 returned %d events, want 0", len(page))
	}
}

// page returns up to limit of this run's events from a position on. It takes as many reads as needed, because other
// events may be in between, and stops at the position stop.
func (b *suite) page(from events.Position, dir events.Direction, limit int, stop events.Position) []events.Recorded {
	b.Helper()
	var ours []events.Recorded
	for len(ours) < limit {
		page, err := b.store.ReadAll(b.ctx, from, dir, limit)
		b.noErr(err)
		if len(page) > limit {
			b.Fatalf("ReadAll returned %d events, want at most %d", len(page), limit)
		}
		for _, r := range page {
			if beyond := r.Position <= from; beyond == (dir == events.Forward) {
				b.Fatalf("ReadAll from %d (backward: %t) returned position %d, want the other direction", from, dir, r.Position)
			}
			from = r.Position
			if b.isOwn(r) && len(ours) < limit {
				ours = append(ours, r)
			}
		}
		if len(page) == 0 || (dir == events.Forward && from >= stop) || (dir == events.Backward && from <= stop) {
			break
		}
	}
	return ours
}

func streamIterator(b *suite) {
	const n = 2500 // more than two pages of the iterators
	stream := b.stream("a")
	want := b.batch(n)
	for i := 0; i < n; i += 500 {
		b.append(stream, events.Revision(i)-1, want[i:i+500])
	}
	var got []events.Recorded
	for r, err := range events.Stream(b.ctx, b.store, stream, 3) {
		b.noErr(err)
		got = append(got, r)
	}
	b.checkAppended(got, want[3:], 3, 1)
}

func similarNames(b *suite) {
	names := []string{"a", "a-", "a-1", "a-10", "a1", "aa", "A", "b", strings.Repeat("a", 200),
		// The names of streams contain those of holders, which are arbitrary.
		"https://id.example/a?b=c#d", "https://id.example/a", `a|b\c`, "a~b%2Fc d", "a\u200db", "a\u200cb",
		"a\u00a0b", "a\u3000b", "a+b@c", "ä",
		strings.Repeat("\U0001f600", 255)}
	want := make(map[string][]events.Event)
	for round := range 3 {
		for i, name := range names {
			batch := b.batch(1 + (i+round)%3)
			b.append(b.stream(name), events.Revision(len(want[name]))-1, batch)
			want[name] = append(want[name], batch...)
		}
	}
	for _, name := range names {
		b.checkAppended(b.read(b.stream(name), 0, events.Forward, 100), want[name], 0, 1)
		last := events.Revision(len(want[name]) - 1)
		b.checkAppended(b.read(b.stream(name), events.EndRevision, events.Backward, 100), want[name], last, -1)
	}
}

func created(b *suite) {
	for i := range 20 {
		b.append(b.stream(fmt.Sprint(i)), events.NoStream, b.batch(1))
	}
	for _, r := range b.log() { // checkLog checks their order
		if r.Created.IsZero() {
			b.Fatalf("Created of the event at position %d is zero, want a time", r.Position)
		}
	}
}

func head(b *suite) {
	before := b.begin
	for i := range 10 {
		appended := b.append(b.stream("a"), events.Revision(i)-1, b.batch(1))
		now, err := b.store.Head(b.ctx)
		b.noErr(err)
		if now < appended.Position || appended.Position <= before {
			b.Fatalf("head = %d, want at least the appended %d, above %d", now, appended.Position, before)
		}
		before = now
	}
	if b.store.Epoch() == "" {
		b.Fatal("Epoch returned an empty string, want an epoch")
	}
}
