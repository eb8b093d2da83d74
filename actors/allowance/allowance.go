package allowance

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers allowances with the shell.
var Kind = core.Kind{Category: events.AllowanceCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of a holder's allowance at a performance.
func Stream(performanceID events.PerformanceID, holder events.Holder) events.StreamID {
	return events.NewStreamID(events.AllowanceCategory, events.OfPerformance(performanceID, string(holder)))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// Take takes seats out of the allowance. No-op if the same hold has taken them; a later attempt of
// a booking replaces an earlier one. Refusals: not_held (a later attempt has taken seats, this one
// has taken a different number, or the booking is paid), limit_exceeded.
type Take struct {
	HoldID events.HoldID
	// Seats of the booking, above 0.
	Seats int64
	// Limit is the maximum number of seats of the holder.
	Limit int64
	// For is the time after which the seats are given back unless they are kept. It must exceed the
	// duration of the holds on the seats.
	For time.Duration
	// Terms is the revision of the edit of the performance that set Limit, 0 for its
	// creation.
	Terms events.Revision
}

// Extend moves the deadline of a hold's part. No-op unless ExpiresAt is later. Refusal: not_held.
type Extend struct {
	HoldID    events.HoldID
	ExpiresAt time.Time
}

// Keep removes the deadline: the booking is paid. Idempotent. Refusal: not_held.
type Keep struct{ HoldID events.HoldID }

// Release gives back the part of a hold. No-op if it has none.
type Release struct{ HoldID events.HoldID }

// Reduce gives back all but Seats of a hold's part. No-op if it has no more.
type Reduce struct {
	HoldID events.HoldID
	// Seats that remain, above 0.
	Seats int64
}

// part is the seats that one hold has taken.
type part struct {
	HoldID  events.HoldID
	Seats   int64
	Expires int64 // UnixNano of the deadline, 0 once kept
}

// Allowance is the state and the rules of one allowance. It implements [core.Core].
type Allowance struct {
	parts []part // in the order in which they were taken
}

// New returns an unused allowance.
func New() core.Core { return &Allowance{} }

// Taken is the number of seats taken, with or without a deadline.
func (a *Allowance) Taken() (seats int64) {
	for i := range a.parts {
		seats += a.parts[i].Seats
	}
	return seats
}

// NextDeadline implements [core.Core].
func (a *Allowance) NextDeadline() time.Time {
	first := a.firstToExpire()
	if first < 0 {
		return time.Time{}
	}
	return timeOf(a.parts[first].Expires)
}

// firstToExpire returns the index of the part that expires first, -1 if none expires.
func (a *Allowance) firstToExpire() int {
	first := -1
	for i := range a.parts {
		if at := a.parts[i].Expires; at != 0 && (first < 0 || at < a.parts[first].Expires) {
			first = i
		}
	}
	return first
}

func timeOf(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// find returns the index of a hold's part, -1 if it has none.
func (a *Allowance) find(holdID events.HoldID) int {
	return slices.IndexFunc(a.parts, func(p part) bool { return p.HoldID == holdID })
}

var errNotHeld = &core.Refusal{Code: core.CodeNotHeld, Detail: "this attempt of the booking has no seats in the holder's allowance any more; read the booking again"}

// Decide implements [core.Core].
func (a *Allowance) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *Take:
		return a.takeSeats(cmd, now)
	case *Extend:
		i := a.find(cmd.HoldID)
		if i < 0 || a.parts[i].Expires == 0 {
			return nil, errNotHeld
		}
		if cmd.ExpiresAt.UnixNano() <= a.parts[i].Expires {
			return nil, nil
		}
		return []events.Fact{&events.AllowanceExtended{HoldID: cmd.HoldID, ExpiresAt: cmd.ExpiresAt.UTC()}}, nil
	case *Keep:
		i := a.find(cmd.HoldID)
		switch {
		case i < 0:
			return nil, errNotHeld
		case a.parts[i].Expires == 0:
			return nil, nil
		}
		return []events.Fact{&events.AllowanceKept{HoldID: cmd.HoldID, Seats: a.parts[i].Seats, Taken: a.Taken()}}, nil
	case *Release:
		if i := a.find(cmd.HoldID); i >= 0 {
			return []events.Fact{a.released(i)}, nil
		}
		return nil, nil
	case *Reduce:
		i := a.find(cmd.HoldID)
		if i < 0 || a.parts[i].Seats <= cmd.Seats {
			return nil, nil
		}
		back := a.parts[i].Seats - cmd.Seats
		return []events.Fact{&events.AllowanceReduced{HoldID: cmd.HoldID, Seats: back, Taken: a.Taken() - back}}, nil
	case *core.Expire:
		return a.expire(now), nil
	}
	panic(fmt.Sprintf("allowance: no rule for %T", cmd))
}

func (a *Allowance) takeSeats(cmd *Take, now time.Time) ([]events.Fact, error) {
	booking, attempt, ok := events.CutHoldID(cmd.HoldID)
	if !ok || cmd.Seats < 1 {
		panic(fmt.Sprintf("allowance: %d seats for the hold %q", cmd.Seats, cmd.HoldID))
	}
	taken, facts := a.Taken(), []events.Fact(nil)
	for i := range a.parts {
		holding, other, _ := events.CutHoldID(a.parts[i].HoldID)
		switch {
		case holding != booking:
		case other == attempt && a.parts[i].Seats == cmd.Seats:
			return nil, nil
		case other >= attempt || a.parts[i].Expires == 0:
			return nil, errNotHeld
		default: // an earlier attempt of the same booking, which has one part
			fact := a.released(i)
			taken, facts = fact.Taken, append(facts, fact)
		}
	}
	if taken+cmd.Seats > cmd.Limit {
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: fmt.Sprintf(
				"each holder may have at most %d seats of this performance, and this holder has %d; book fewer",
				cmd.Limit,
				taken,
			),
			Fields: map[string]any{"limit": cmd.Limit, "taken": taken}}
	}
	return append(facts, &events.AllowanceTaken{HoldID: cmd.HoldID, Seats: cmd.Seats, Taken: taken + cmd.Seats,
		ExpiresAt: now.UTC().Add(cmd.For), Terms: cmd.Terms}), nil
}

func (a *Allowance) released(i int) *events.AllowanceReleased {
	p, was := a.parts[i], events.AllowanceIsHeld
	if p.Expires == 0 {
		was = events.AllowanceIsKept
	}
	return &events.AllowanceReleased{HoldID: p.HoldID, Was: was, Seats: p.Seats, Taken: a.Taken() - p.Seats}
}

func (a *Allowance) expire(now time.Time) []events.Fact {
	i := a.firstToExpire()
	if i < 0 || a.parts[i].Expires >= now.UnixNano() {
		return nil
	}
	p := a.parts[i]
	return []events.Fact{
		&events.AllowanceExpired{HoldID: p.HoldID, Seats: p.Seats, Taken: a.Taken() - p.Seats, ExpiresAt: timeOf(p.Expires)},
	}
}

// Evolve implements [core.Core].
func (a *Allowance) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		a.must(fact, a.find(f.HoldID) < 0 && f.Seats > 0)
		a.parts = append(slices.Clip(a.parts), part{f.HoldID, f.Seats, f.ExpiresAt.UnixNano()})
		a.must(fact, a.Taken() == f.Taken)
	case *events.AllowanceExtended:
		i := a.find(f.HoldID)
		a.must(fact, i >= 0 && a.parts[i].Expires != 0)
		a.parts = slices.Clone(a.parts)
		a.parts[i].Expires = f.ExpiresAt.UnixNano()
	case *events.AllowanceKept:
		i := a.find(f.HoldID)
		a.must(fact, i >= 0 && a.parts[i].Expires != 0 && a.parts[i].Seats == f.Seats && a.Taken() == f.Taken)
		a.parts = slices.Clone(a.parts)
		a.parts[i].Expires = 0
	case *events.AllowanceReduced:
		i := a.find(f.HoldID)
		a.must(fact, i >= 0 && f.Seats > 0 && a.parts[i].Seats > f.Seats)
		a.parts = slices.Clone(a.parts)
		a.parts[i].Seats -= f.Seats
		a.must(fact, a.Taken() == f.Taken)
	case *events.AllowanceReleased:
		a.remove(fact, f.HoldID, f.Seats, f.Taken, f.Was == events.AllowanceIsHeld)
	case *events.AllowanceExpired:
		a.remove(fact, f.HoldID, f.Seats, f.Taken, true)
	default:
		a.must(fact, false)
	}
}

// remove applies a fact that gives back all seats of a hold. isHeld reports whether the part has a deadline.
func (a *Allowance) remove(fact events.Fact, holdID events.HoldID, seats, taken int64, isHeld bool) {
	i := a.find(holdID)
	a.must(fact, i >= 0 && a.parts[i].Seats == seats && (a.parts[i].Expires != 0) == isHeld)
	a.parts = slices.Delete(slices.Clone(a.parts), i, i+1)
	a.must(fact, a.Taken() == taken)
}

// must panics unless the fact is valid after the facts before it. An invalid one means a damaged log.
func (a *Allowance) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("allowance: unexpected fact %s %+v after %+v", fact.Name(), fact, a.parts))
	}
}

// Freeze implements [core.Core]. Parts are never changed in place, so freezing needs no copy.
func (a *Allowance) Freeze() func(io.Writer) error {
	parts := a.parts
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(parts) }
}

// Restore implements [core.Core].
func (a *Allowance) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&a.parts) }
