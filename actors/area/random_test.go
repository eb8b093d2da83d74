package area

import (
	"maps"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// model is a naive implementation of the rules.
type model struct {
	capacity int64
	holds    map[events.HoldID]*modelHold
	blocked  map[events.BlockLabel]int64
	last     int64 // number of the last change
	moved    int64 // places that it has blocked, negative if unblocked
}

type modelHold struct {
	places         int64
	expires, first time.Time // zero once booked
	label          events.BlockLabel
	ofLabel        int64 // number of places that belong to label
}

// free frees some places of a hold, those of its label first.
func (m *model) free(h *modelHold, places int64) {
	again := min(h.ofLabel, places)
	h.places, h.ofLabel = h.places-places, h.ofLabel-again
	m.blocked[h.label] += again
}

// inUse returns the number of a label's places that bookings have.
func (m *model) inUse(label events.BlockLabel) (n int64) {
	for _, h := range m.holds {
		if h.label == label {
			n += h.ofLabel
		}
	}
	return n
}

// applies reports whether a change has an effect.
func (m *model) applies(change int64, undo bool) bool {
	return undo == (change == m.last) && change >= m.last
}

func (m *model) block(c *Block) string {
	more := c.Places - m.blocked[c.Label] - m.inUse(c.Label)
	switch {
	case more <= 0 || !m.applies(c.Change, false):
		return ""
	case m.taken()+more > m.capacity:
		return "sold_out"
	}
	m.blocked[c.Label] += more
	m.last, m.moved = c.Change, more
	return ""
}

func (m *model) unblock(c *Unblock) {
	n := m.blocked[c.Label]
	if c.Undo && c.Change > m.last {
		m.last, m.moved = c.Change, 0
	}
	if c.Undo {
		n = min(n, m.moved)
	}
	if n <= 0 || !m.applies(c.Change, c.Undo) {
		return
	}
	m.blocked[c.Label] -= n
	if m.moved -= n; !c.Undo {
		m.last, m.moved = c.Change, -n
	}
}

func (m *model) resize(c *Resize) string {
	switch {
	case c.Undo && c.Change > m.last && c.Capacity == m.capacity:
		m.last, m.moved = c.Change, 0
		return ""
	case c.Committed && c.Capacity < m.taken():
		return ""
	case c.Capacity == m.capacity || c.Change != 0 && !m.applies(c.Change, c.Undo):
		return ""
	case c.Capacity < m.taken():
		return "limit_exceeded"
	}
	if m.capacity = c.Capacity; c.Change != 0 {
		m.last, m.moved = c.Change, 0
	}
	return ""
}

func (m *model) taken() (n int64) {
	for _, h := range m.holds {
		n += h.places
	}
	for _, places := range m.blocked {
		n += places
	}
	return n
}

// otherAttempt returns the hold of another attempt of the same booking.
func (m *model) otherAttempt(id events.HoldID) (events.HoldID, *modelHold) {
	owner, _, _ := events.CutHoldID(id)
	for other, h := range m.holds {
		if booking, _, _ := events.CutHoldID(other); booking == owner && other != id {
			return other, h
		}
	}
	return "", nil
}

func (m *model) hold(c *Hold, now time.Time) string {
	if has := m.holds[c.HoldID]; has != nil {
		if has.places == c.Places {
			return ""
		}
		return "not_held"
	}
	other, before := m.otherAttempt(c.HoldID)
	taken, own := m.taken(), int64(0)
	if c.Label != "" {
		own = m.blocked[c.Label]
	}
	if before != nil {
		_, earlier, _ := events.CutHoldID(other)
		if _, attempt, _ := events.CutHoldID(c.HoldID); earlier > attempt || before.expires.IsZero() {
			return "not_held"
		}
		taken -= before.places - before.ofLabel
		if before.label == c.Label {
			own += before.ofLabel
		}
	}
	if taken-own+c.Places > m.capacity {
		return "sold_out"
	}
	if before != nil {
		m.free(before, before.places)
		delete(m.holds, other)
	}
	of := min(own, c.Places)
	m.blocked[c.Label] -= of
	m.holds[c.HoldID] = &modelHold{c.Places, now.Add(c.For), now.Add(c.For), c.Label, of}
	return ""
}

// decide returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command, now time.Time) string {
	switch c := cmd.(type) {
	case *Hold:
		return m.hold(c, now)
	case *Extend:
		h := m.holds[c.HoldID]
		switch {
		case h == nil || h.expires.IsZero():
			return "not_held"
		case c.ExpiresAt.After(h.expires) && c.ExpiresAt.After(h.first.Add(holdFor)):
			return "limit_exceeded"
		case c.ExpiresAt.After(h.expires):
			h.expires = c.ExpiresAt
		}
	case *Book:
		h := m.holds[c.HoldID]
		if h == nil {
			return "not_held"
		}
		h.expires = time.Time{}
	case *Release:
		if h := m.holds[c.HoldID]; h != nil {
			m.free(h, h.places)
		}
		delete(m.holds, c.HoldID)
	case *Return:
		h := m.holds[c.HoldID]
		switch {
		case h == nil || h.places <= c.Left:
		case !h.expires.IsZero():
			return "not_held"
		default:
			m.free(h, h.places-c.Left)
		}
		if h != nil && h.places == 0 {
			delete(m.holds, c.HoldID)
		}
	case *Resize:
		return m.resize(c)
	case *Block:
		return m.block(c)
	case *Unblock:
		m.unblock(c)
	case *core.Expire:
		maps.DeleteFunc(m.holds, func(_ events.HoldID, h *modelHold) bool {
			if h.expires.IsZero() || !now.After(h.expires) {
				return false
			}
			m.free(h, h.places)
			return true
		})
	}
	return ""
}

func newModel() *model {
	return &model{capacity: full, holds: map[events.HoldID]*modelHold{}, blocked: map[events.BlockLabel]int64{}}
}

// drawCommand draws a command with few ids, so that commands collide.
func drawCommand(t *rapid.T, now time.Time, first bool) core.Command {
	id := events.NewHoldID(bookingID(byte('a'+rapid.IntRange(0, 4).Draw(t, "booking"))),
		rapid.Int64Range(1, 3).Draw(t, "attempt"))
	label := rapid.SampledFrom([]events.BlockLabel{"press", "crew"})
	change, undo := rapid.Int64Range(1, 12), rapid.Bool()
	kind := rapid.IntRange(0, 18).Draw(t, "kind")
	if first { // a Hold, from which the area takes its capacity
		kind = 18
	}
	switch kind {
	case 0, 1, 2:
		return &Book{HoldID: id}
	case 3, 4:
		return &Release{HoldID: id, Reason: events.ReleasedCancelled}
	case 5:
		to := now.Add(rapid.SampledFrom([]time.Duration{0, 30 * s, 90 * s, 150 * s}).Draw(t, "to"))
		return &Extend{HoldID: id, ExpiresAt: to, HoldFor: holdFor}
	case 6:
		return &Resize{Capacity: rapid.Int64Range(1, 20).Draw(t, "capacity"),
			Change: rapid.Int64Range(0, 12).Draw(t, "change"), Committed: undo.Draw(t, "committed")}
	case 7, 8:
		return &Return{HoldID: id, Left: rapid.Int64Range(0, 4).Draw(t, "left")}
	}
	switch kind {
	case 9:
		return &Resize{Capacity: rapid.Int64Range(1, 20).Draw(t, "capacity"), Change: change.Draw(t, "change"), Undo: true}
	case 10, 11:
		return &Block{Label: label.Draw(t, "label"), Places: rapid.Int64Range(1, 8).Draw(t, "kept"), Capacity: full,
			Change: change.Draw(t, "change")}
	case 12:
		return &Unblock{Label: label.Draw(t, "label"), Capacity: full, Change: change.Draw(t, "change"),
			Undo: undo.Draw(t, "undo")}
	}
	return &Hold{HoldID: id, Holder: "ann", Places: rapid.Int64Range(1, 5).Draw(t, "places"), Capacity: full,
		Label: rapid.SampledFrom([]events.BlockLabel{"", "", "press", "crew"}).Draw(t, "of"),
		For:   rapid.SampledFrom([]time.Duration{holdFor + grace, grace}).Draw(t, "for")}
}

// TestRandomHistory compares the core with the model after every command, and with a core that is replayed from
// the facts and snapshots. As in the shell, due holds expire before a command.
func TestRandomHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, m, now := New().(*Area), newModel(), day
		var log []events.Fact
		do := func(cmd core.Command) {
			facts, err := a.Decide(cmd, now)
			again, errAgain := a.Decide(cmd, now)
			if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf("Decide(%T) twice: got %s, then %s; want the same", cmd, coretest.Describe(facts, err, sentence),
					coretest.Describe(again, errAgain, sentence))
			}
			code := ""
			if err != nil {
				code = string(err.(*core.Refusal).Code)
			}
			if want := m.decide(cmd, now); code != want {
				t.Fatalf("%T %+v at %v: got %q, want %q", cmd, cmd, now.Sub(day), code, want)
			}
			for _, fact := range facts {
				a.Evolve(fact)
				log = append(log, fact)
				checkBounds(t, a)
			}
		}
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, ns, 7 * s, 30 * s, 60 * s, 90*s + ns}).Draw(t, "wait"))
			do(&core.Expire{})
			do(drawCommand(t, now, step == 0))
			m.compare(t, a)
		}
		replayed := New()
		for i, fact := range log {
			replayed.Evolve(fact)
			if i%7 == 0 {
				replayed = coretest.RoundTrip(t, replayed.Freeze(), New)
			}
		}
		m.compare(t, replayed.(*Area))
		checkHolds(t, log)
		coretest.RequireIndependentClones(t, New, log)
	})
}

func checkBounds(t *rapid.T, a *Area) {
	if c := a.Counts(0); c.Held < 0 || c.Booked < 0 || c.Remaining < 0 || c.Blocked < 0 {
		t.Fatalf("got counts %+v, want none negative", c)
	}
}

// compare compares a core with the model.
func (m *model) compare(t *rapid.T, a *Area) {
	held, booked, next := int64(0), int64(0), time.Time{}
	for id, h := range m.holds {
		got, ok := a.Held(id)
		if !ok || got.Places != h.places || !got.ExpiresAt.Equal(h.expires) || (got.Holder == "") != h.expires.IsZero() {
			t.Fatalf("Held(%s): got %+v, %t; want %+v", id, got, ok, h)
		}
		if h.expires.IsZero() {
			booked += h.places
			continue
		}
		held, next = held+h.places, core.Earlier(next, h.expires)
	}
	want := events.AreaCounts{Remaining: m.capacity - m.taken(), Held: held, Booked: booked,
		Blocked: m.taken() - held - booked}
	for _, label := range []events.BlockLabel{"press", "crew"} {
		if a.Blocked(label) != m.blocked[label] || a.Kept(label) != m.blocked[label]+m.inUse(label) {
			t.Fatalf("label %s: got Blocked %d, Kept %d; want %d, %d", label, a.Blocked(label), a.Kept(label),
				m.blocked[label], m.blocked[label]+m.inUse(label))
		}
	}
	if got := a.Counts(m.capacity); got != want {
		t.Fatalf("got counts %+v, want %+v", got, want)
	}
	if !a.NextDeadline().Equal(next) {
		t.Fatalf("got next deadline %v, want %v", a.NextDeadline(), next)
	}
}

// checkHolds checks that the facts report correctly which deadlines they open and close.
func checkHolds(t *rapid.T, log []events.Fact) {
	open := 0
	for _, fact := range log {
		if f, ok := fact.(events.Deadlined); ok {
			opened, closed, earliest := f.Holds()
			if open += opened - closed; open < 0 || opened > 0 && earliest.IsZero() {
				t.Fatalf("%s: got %d open holds, the first until %v; want a deadline for each", sentence(fact), open, earliest)
			}
		}
	}
}

// TestSnapshotsAreComplete checks that a truncated snapshot is refused, and that a snapshot has the state at the
// time of Freeze, even if it is written later.
func TestSnapshotsAreComplete(t *testing.T) {
	a := New().(*Area)
	for _, cmd := range []core.Command{hold3("a.1"), block(1, 3), labelled("b.2", 3), book("b.2"), returnAllBut("b.2", 1)} {
		coretest.Do(a, cmd, day, sentence)
	}
	coretest.RequireTruncatedSnapshotsRefused(t, a, New)
	write := a.Freeze()
	coretest.Do(a, release("a.1"), day, sentence)
	restored := coretest.RoundTrip(t, write, New).(*Area)
	if got, want := restored.Counts(0), (events.AreaCounts{Remaining: 4, Held: 3, Booked: 1, Blocked: 2}); got != want {
		t.Errorf("got counts %+v, want %+v", got, want)
	}
	const want = "released 1 (1 of press) of b.2 (booked, cancelled), 0 left, 4 remain"
	if got := coretest.Do(restored, release("b.2"), day, sentence); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMemoryOfBookedPlaces bounds the memory of one booking, because an area may have places of a hundred
// thousand bookings.
func TestMemoryOfBookedPlaces(t *testing.T) {
	const bookings, maxEach = 20_000, 130
	a, before := New(), heap()
	ids := make([]events.HoldID, bookings)
	for i := range ids {
		ids[i] = events.NewHoldID(events.BookingID(events.ID{13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}.String()), 1)
	}
	ids = slices.Clip(ids)
	for i, id := range ids {
		hold := &Hold{HoldID: id, Holder: events.Holder("holder-" + string(id)), Places: 2, Capacity: 100_000, For: s}
		coretest.Do(a, hold, day, func(events.Fact) string { return "" })
		coretest.Do(a, &Book{HoldID: id}, day, func(events.Fact) string { return "" })
		ids[i] = ""
	}
	if each := (heap() - before) / bookings; each > maxEach {
		t.Errorf("got %d bytes per booking, want at most %d", each, maxEach)
	}
	runtime.KeepAlive(a)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
