package seat

import (
	"bytes"
	"reflect"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/events"
)

// model is a naive implementation of the rules.
type model struct {
	status  events.SeatStatus
	owner   events.HoldID
	holder  events.Holder
	expires time.Time
	stays   []stay // the last one may continue
	label   events.BlockLabel
	change  int64 // that has blocked the seat
	latest  int64 // change that has ever blocked the seat
}

// stay is a series of consecutive holds of one holder.
type stay struct {
	holder     events.Holder
	began, end time.Time // end is zero while the holder has the seat
	paid       bool
}

// continuedStay returns the stay that a hold of the holder continues, nil if there is none.
func (m *model) continuedStay(holder events.Holder, now time.Time) *stay {
	if n := len(m.stays); n > 0 {
		if s := &m.stays[n-1]; s.holder == holder && !s.paid && now.Sub(s.end) < holdFor {
			return s
		}
	}
	return nil
}

func (m *model) hold(c *Hold, now time.Time) events.HoldID {
	booking, attempt, _ := events.CutHoldID(c.HoldID)
	mine, before, _ := events.CutHoldID(m.owner)
	switch {
	case m.owner == c.HoldID:
		return ""
	case m.status == events.SeatIsHeld && c.Retake && mine == booking && before < attempt:
		m.free(now)
	case m.status != events.SeatIsFree && (m.status != events.SeatIsBlocked || c.Label == "" || c.Label != m.label):
		return "seat_taken"
	}
	s, until := m.continuedStay(c.Holder, now), now.Add(holdFor)
	if s != nil {
		if end := s.began.Add(2 * holdFor); end.Before(until) {
			until = end
		}
		if !until.After(now) && !c.Retake {
			return "limit_exceeded"
		}
		s.end = time.Time{}
	} else {
		m.stays = append(m.stays, stay{holder: c.Holder, began: now})
	}
	if m.expires = until.Add(Grace); c.Retake {
		m.expires = now.Add(Grace)
	}
	m.status, m.owner, m.holder = events.SeatIsHeld, c.HoldID, c.Holder
	return ""
}

func (m *model) free(at time.Time) {
	s := &m.stays[len(m.stays)-1]
	s.end, s.paid = at, m.status == events.SeatIsBooked
	m.status, m.owner, m.holder, m.expires = events.SeatIsFree, "", "", time.Time{}
	if m.label != "" {
		m.status = events.SeatIsBlocked
	}
}

func (m *model) release(id events.HoldID, now time.Time) {
	if m.owner == id && id != "" {
		m.free(now)
	}
}

// decide returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command, now time.Time) events.HoldID {
	switch c := cmd.(type) {
	case *Hold:
		return m.hold(c, now)
	case *Extend:
		switch {
		case m.status != events.SeatIsHeld || m.owner != c.HoldID:
			return "not_held"
		case !c.ExpiresAt.After(m.expires):
			return ""
		case c.ExpiresAt.After(m.stays[len(m.stays)-1].began.Add(2*holdFor + Grace)):
			return "limit_exceeded"
		}
		m.expires = c.ExpiresAt
	case *Book:
		if m.owner != c.HoldID {
			return "not_held"
		}
		m.status, m.expires = events.SeatIsBooked, time.Time{}
	case *Release:
		m.release(c.HoldID, now)
	case *Block:
		if c.Change > 0 && c.Change <= m.latest {
			return ""
		}
		switch m.status {
		case events.SeatIsHeld, events.SeatIsBooked:
			return "seat_taken"
		case events.SeatIsBlocked:
			if c.Label != "" && c.Label != m.label {
				return "seat_taken"
			}
			return ""
		}
		m.status, m.label, m.change = events.SeatIsBlocked, c.Label, c.Change
		m.latest = max(m.latest, c.Change)
	case *Unblock:
		if m.status == events.SeatIsFree {
			m.latest = max(m.latest, c.Change)
		}
		if m.status == events.SeatIsBlocked && (c.Label == "" || c.Label == m.label) &&
			(c.Change == 0 || c.Change == m.change) {
			m.status, m.label, m.change = events.SeatIsFree, "", 0
		}
	case *core.Expire:
		if m.status == events.SeatIsHeld && now.After(m.expires) {
			m.free(m.expires)
		}
	}
	return ""
}

// drawCommand draws a command with few ids, so that commands collide. Each booking has one holder.
func drawCommand(t *rapid.T, now time.Time) core.Command {
	booking := rapid.SampledFrom([]events.BookingID{"ann1", "ann2", "bob1", "cid1"}).Draw(t, "booking")
	id := events.NewHoldID(booking, rapid.Int64Range(1, 3).Draw(t, "attempt"))
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0, 1:
		return &Book{HoldID: id}
	case 2, 3, 4:
		return &Release{HoldID: id, Reason: events.ReleasedCancelled}
	case 5:
		at := now.Add(rapid.SampledFrom([]time.Duration{0, 30 * s, 90 * s, 150 * s}).Draw(t, "to"))
		return &Extend{HoldID: id, ExpiresAt: at, HoldFor: holdFor}
	case 6:
		label := rapid.SampledFrom([]events.BlockLabel{"", "press", "crew"}).Draw(t, "label")
		change := int64(0)
		if label != "" {
			change = rapid.Int64Range(0, 2).Draw(t, "change")
		}
		return rapid.SampledFrom([]core.Command{&Block{label, change}, &Unblock{label, change}}).Draw(t, "block")
	case 7:
		return &core.Expire{}
	}
	return &Hold{
		HoldID:  id,
		Holder:  events.Holder(booking[:3]),
		HoldFor: holdFor,
		Retake:  rapid.IntRange(0, 3).Draw(t, "retake") == 0,
		Label:   rapid.SampledFrom([]events.BlockLabel{"", "press"}).Draw(t, "label"),
	}
}

// TestRandomHistory compares the core with the model after every command, and checks the contract between core
// and shell. As in the shell, a due hold expires before a command.
func TestRandomHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seat, m, now := New().(*Seat), &model{status: events.SeatIsFree}, day
		var log []events.Fact
		do := func(cmd core.Command) {
			before := *seat
			facts, err := seat.Decide(cmd, now)
			if !reflect.DeepEqual(*seat, before) {
				t.Fatalf("Decide(%T) changed the state: got %+v, want %+v", cmd, seat, before)
			}
			again, errAgain := seat.Decide(cmd, now)
			if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf("Decide(%T) twice: got %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
			}
			code := ""
			if err != nil {
				code = string(err.(*core.Refusal).Code)
			}
			if want := string(m.decide(cmd, now)); code != want {
				t.Fatalf("%T %+v at %v: got %q, want %q", cmd, cmd, now.Sub(day), code, want)
			}
			for _, fact := range facts {
				seat.Evolve(fact)
				log = append(log, fact)
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, ns, 7 * s, 30 * s, 60 * s, 90*s + ns}).Draw(t, "wait"))
			do(&core.Expire{})
			do(drawCommand(t, now))
			owner, holder := seat.Owner()
			if seat.Status() != m.status || owner != m.owner || holder != m.holder || !seat.NextDeadline().Equal(m.expires) ||
				seat.Label() != m.label || seat.Change() != m.change {
				t.Fatalf("got seat %+v, want %+v", seat, m)
			}
		}
		replayed := New()
		for i, fact := range log {
			replayed.Evolve(fact)
			if i%7 == 0 {
				replayed = restored(t, replayed)
			}
		}
		if !reflect.DeepEqual(replayed, core.Core(seat)) {
			t.Fatalf("replay: got %+v, want %+v", replayed, seat)
		}
		checkHolds(t, log)
	})
}

// restored returns the core restored from its snapshot.
func restored(t *rapid.T, c core.Core) core.Core {
	var saved bytes.Buffer
	if err := c.Freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	got := New()
	if err := got.Restore(bytes.NewReader(saved.Bytes())); err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("Restore: got %+v, %v; want %+v", got, err, c)
	}
	if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
		t.Fatal("Restore of half a snapshot: got no error, want one")
	}
	return got
}

// checkHolds checks that the facts report correctly which deadlines they open and close. A seat has at most one.
func checkHolds(t *rapid.T, log []events.Fact) {
	open := 0
	for _, fact := range log {
		if f, ok := fact.(events.Deadlined); ok {
			opened, closed, earliest := f.Holds()
			if open += opened - closed; open < 0 || open > 1 || opened > 0 && earliest.IsZero() {
				t.Fatalf("%s: got %d open holds until %v, want 0, or 1 with a deadline", sentence(fact), open, earliest)
			}
		}
	}
}

// TestSize bounds the memory of a seat, because a hundred thousand may be in memory.
func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(Seat{}); size > 80 {
		t.Errorf("got %d bytes without strings, want at most 80", size)
	}
	const seats = 1000
	kept, before := make([]core.Core, seats), heap()
	for i := range kept {
		kept[i] = New()
		fact, err := events.Decode(
			"seat.held.v1",
			[]byte(`{"hold_id":"0198c0de-0000-7000-8000-000000000003.1","booking_id":"0198c0de-0000-7000-8000-000000000003",`+
				`"holder":"ada","price":9900,"expires_at":"2031-02-03T20:00:03Z","first_held_at":"2031-02-03T20:00:03Z"}`),
		)
		if err != nil {
			t.Fatal(err)
		}
		kept[i].Evolve(fact)
	}
	if each := (heap() - before) / seats; each > 200 {
		t.Errorf("got %d bytes per held seat, want at most 200", each)
	}
	runtime.KeepAlive(kept)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
