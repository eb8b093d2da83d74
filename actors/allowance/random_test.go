package allowance

import (
	"bytes"
	"io"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/events"
)

// owned is the part of a booking in the model. expires is zero once the booking is paid.
type owned struct {
	attempt, seats int64
	expires        time.Time
}

// model is a naive model of an allowance: one entry per booking.
type model map[events.BookingID]owned

// taken returns the number of seats taken by all bookings except one.
func (m model) taken(except events.BookingID) (seats int64) {
	for booking, o := range m {
		if booking != except {
			seats += o.seats
		}
	}
	return seats
}

func (m model) next() (next time.Time) {
	for _, o := range m {
		if !o.expires.IsZero() && (next.IsZero() || o.expires.Before(next)) {
			next = o.expires
		}
	}
	return next
}

// decide applies cmd and returns the refusal's code, "" if cmd was accepted.
func (m model) decide(cmd core.Command, now time.Time) string {
	switch c := cmd.(type) {
	case *Take:
		booking, attempt, _ := events.CutHoldID(c.HoldID)
		o, has := m[booking]
		switch {
		case has && o.attempt == attempt && o.seats == c.Seats:
		case has && (o.attempt >= attempt || o.expires.IsZero()):
			return "not_held"
		case m.taken(booking)+c.Seats > c.Limit:
			return "limit_exceeded"
		default:
			m[booking] = owned{attempt, c.Seats, now.Add(c.For)}
		}
	case *Extend:
		booking, o, has := m.find(c.HoldID)
		if !has || o.expires.IsZero() {
			return "not_held"
		}
		if c.ExpiresAt.After(o.expires) {
			o.expires = c.ExpiresAt
		}
		m[booking] = o
	case *Keep:
		booking, o, has := m.find(c.HoldID)
		if !has {
			return "not_held"
		}
		o.expires = time.Time{}
		m[booking] = o
	case *Reduce:
		if booking, o, has := m.find(c.HoldID); has {
			o.seats = min(o.seats, c.Seats)
			m[booking] = o
		}
	case *Release:
		if booking, _, has := m.find(c.HoldID); has {
			delete(m, booking)
		}
	}
	return ""
}

func (m model) find(holdID events.HoldID) (events.BookingID, owned, bool) {
	booking, attempt, _ := events.CutHoldID(holdID)
	o, has := m[booking]
	return booking, o, has && o.attempt == attempt
}

func (m model) expire(now time.Time) {
	for booking, o := range m {
		if !o.expires.IsZero() && now.After(o.expires) {
			delete(m, booking)
		}
	}
}

// drawCommand draws a command with one of few ids, so that commands concern the same holds.
func drawCommand(t *rapid.T, now time.Time) core.Command {
	id := events.NewHoldID(
		rapid.SampledFrom([]events.BookingID{"a", "b", "c"}).Draw(t, "booking"),
		rapid.Int64Range(1, 3).Draw(t, "attempt"),
	)
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 8:
		return &Reduce{HoldID: id, Seats: rapid.Int64Range(1, 4).Draw(t, "left")}
	case 0, 1:
		return keepHold(id)
	case 2, 3:
		return release(id)
	case 4:
		return &Extend{HoldID: id, ExpiresAt: now.Add(rapid.SampledFrom([]time.Duration{0, 30 * s, 90 * s}).Draw(t, "to"))}
	}
	return takeSeats(id, rapid.Int64Range(1, 4).Draw(t, "seats"))
}

// holdsOf returns the numbers of holds that a fact opens and closes, and the earliest deadline of those it opens.
func holdsOf(fact events.Fact) (opened, closed int, earliest time.Time) {
	if f, ok := fact.(events.Deadlined); ok {
		return f.Holds()
	}
	return 0, 0, time.Time{}
}

// TestRandomCommands compares the core with the model, and checks its contract with the shell: Decide is
// deterministic and changes nothing, and copies of the core agree with it. As in the shell, due holds expire
// before each command.
func TestRandomCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, m, now := New().(*Allowance), model{}, day
		var log []events.Fact
		var write func(io.Writer) error
		frozen, open := 0, 0
		do := func(cmd core.Command) string {
			before := append([]part{}, a.parts...)
			facts, err := a.Decide(cmd, now)
			again, errAgain := a.Decide(cmd, now)
			if !reflect.DeepEqual(before, append([]part{}, a.parts...)) || !reflect.DeepEqual(facts, again) ||
				!reflect.DeepEqual(err, errAgain) {
				t.Fatalf(
					"Decide(%T) twice: got parts %+v, want %+v unchanged; got %s, then %s, want the same",
					cmd,
					a.parts,
					before,
					describe(facts, err),
					describe(again, errAgain),
				)
			}
			for _, fact := range facts {
				a.Evolve(fact)
				log = append(log, fact)
				opened, closed, earliest := holdsOf(fact)
				if open += opened - closed; open < 0 || opened > 0 && earliest.IsZero() {
					t.Fatalf("after %s: got %d open holds, earliest deadline %v; want a deadline if any hold is open", describeFact(fact), open, earliest)
				}
			}
			if err != nil {
				return string(err.(*core.Refusal).Code)
			}
			return ""
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, ns, 7 * s, 30 * s, 60 * s}).Draw(t, "wait"))
			if write == nil && rapid.IntRange(0, 9).Draw(t, "freeze") == 0 {
				write, frozen = a.Freeze(), len(log)
			}
			for next := a.NextDeadline(); !next.IsZero() && next.Before(now); next = a.NextDeadline() {
				do(&core.Expire{})
			}
			m.expire(now)
			cmd := drawCommand(t, now)
			if got, want := do(cmd), m.decide(cmd, now); got != want {
				t.Fatalf("%T %+v at %v: got code %q, want %q", cmd, cmd, now.Sub(day), got, want)
			}
			if a.Taken() != m.taken("") || a.Taken() > 4 || !a.NextDeadline().Equal(m.next()) || len(a.parts) != len(m) {
				t.Fatalf("got parts %+v, next deadline %v; want %+v, next deadline %v", a.parts, a.NextDeadline(), m, m.next())
			}
		}
		checkCopies(t, a, log, frozen, write)
	})
}

// checkCopies checks that replaying all facts gives the state of a, and so does restoring a snapshot and
// replaying the facts after it.
func checkCopies(t *rapid.T, a *Allowance, log []events.Fact, frozen int, write func(io.Writer) error) {
	copies := map[int]core.Core{0: New()}
	if write != nil {
		var saved bytes.Buffer
		if err := write(&saved); err != nil {
			t.Fatal(err)
		}
		copies[frozen] = New()
		if err := copies[frozen].Restore(bytes.NewReader(saved.Bytes())); err != nil {
			t.Fatal(err)
		}
		if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
			t.Fatal("Restore of half a snapshot: got no error, want one")
		}
	}
	for from, c := range copies {
		for _, fact := range log[from:] {
			c.Evolve(fact)
		}
		got := c.(*Allowance)
		if len(got.parts) != len(a.parts) || len(a.parts) > 0 && !reflect.DeepEqual(got.parts, a.parts) {
			t.Fatalf("after replaying from fact %d: got parts %+v, want %+v", from, got.parts, a.parts)
		}
	}
}
