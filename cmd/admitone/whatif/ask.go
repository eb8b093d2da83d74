package whatif

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"admitone/actors"
	"admitone/actors/waitingroom"
	"admitone/events"
	"admitone/projections/demand"
)

// Question is what would have come of the demand of a range under another policy.
type Question struct {
	Policy Policy
	// From and To are the first and the last position of the range.
	From, To events.Position
	Kinds    []actors.Kind
	// Progress, if set, hears how far the log has been read.
	Progress func(events.Position)
}

// Comparison is the answer.
type Comparison struct {
	From     events.Position `json:"from"`
	To       events.Position `json:"to"`
	Policy   Policy          `json:"policy"`
	Wishes   int64           `json:"wishes"`
	Recorded Figures         `json:"recorded"`
	WhatIf   Figures         `json:"what_if"`

	recorded, whatIf series
}

// neverAdmitted counts the wishes of those whom no waiting room let in.
const neverAdmitted = "never_admitted"

// inquiry is a question under way.
type inquiry struct {
	Question
	store events.Store
	// was is the house of the log, and mine the one under the policy.
	was       *house
	mine      *rehearsal
	wasTally  *tally
	mineTally *tally
	holders   map[ticket]string // of those who stood in a waiting room before the range
	bookers   map[events.StreamID]string
	wishes    int64
	last      time.Time // of the recorded facts
	latest    time.Time // of the wishes as decided here
}

// Ask answers a question. The log must not be longer than fits into memory twice, as
// the state of its entities. Errors: ErrBadPolicy; the store's; events.ErrDamaged.
func Ask(ctx context.Context, store events.Store, question Question) (*Comparison, error) {
	q := newInquiry(store, question)
	if err := q.run(ctx); err != nil {
		return nil, err
	}
	return &Comparison{From: q.From, To: q.To, Policy: q.Policy, Wishes: q.wishes, Recorded: q.wasTally.result(), WhatIf: q.mineTally.result(),
		recorded: q.wasTally.sales, whatIf: q.mineTally.sales}, nil
}

func newInquiry(store events.Store, question Question) *inquiry {
	q := &inquiry{Question: question, store: store, wasTally: newTally(), mineTally: newTally(),
		holders: map[ticket]string{}, bookers: map[events.StreamID]string{}}
	q.was = newHouse(q.Kinds, q.wasTally.told)
	q.mine = newRehearsal(newHouse(q.Kinds, q.mineTally.told))
	return q
}

func (q *inquiry) run(ctx context.Context) error {
	if q.From <= 1 {
		if err := q.begin(); err != nil {
			return err
		}
	}
	refused, err := demand.Refused(ctx, q.store, q.From, q.To)
	if err != nil {
		return err
	}
	var late []demand.Wish // if they are not to be decided in the order of the log
	for w, err := range demand.Of(q.inRange(ctx), refused) {
		if err != nil {
			return err
		}
		w.Fact = q.Policy.wish(w.Fact)
		if !w.House {
			q.wishes++
		}
		q.wasTally.refused(w.Refused)
		if q.Policy.rooms() {
			late = append(late, w)
			continue
		}
		if err := q.decide(&w); err != nil {
			return err
		}
	}
	if err := q.decideLate(late); err != nil {
		return err
	}
	if err := q.was.end(q.last); err != nil {
		return err
	}
	return q.mine.end(maxTime(q.last, q.latest))
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// begin starts the range.
func (q *inquiry) begin() error {
	q.wasTally.on, q.mineTally.on = true, true
	if err := q.mine.settle(); err != nil {
		return err
	}
	return q.Policy.begin(q.mine)
}

// inRange is the events of the range. On its way the log is folded: all of it as it was,
// and what comes before the range as it would have been.
func (q *inquiry) inRange(ctx context.Context) iter.Seq2[events.Recorded, error] {
	return func(yield func(events.Recorded, error) bool) {
		for e, err := range events.All(ctx, q.store, 0) {
			if err == nil && e.Position > q.To {
				return
			}
			if err == nil {
				err = q.fold(&e)
			}
			if err != nil {
				yield(e, err)
				return
			}
			if e.Position >= q.From && !yield(e, nil) {
				return
			}
		}
	}
}

func (q *inquiry) fold(e *events.Recorded) error {
	if q.Progress != nil {
		q.Progress(e.Position)
	}
	var err error
	if e.Fact, err = e.Decode(); err != nil {
		return err
	}
	meta, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return err
	}
	if e.Position >= q.From && !q.wasTally.on {
		if err := q.begin(); err != nil {
			return err
		}
	}
	q.last = maxTime(q.last, meta.At)
	if _, known := q.was.kinds[e.Stream.Category()]; !known {
		return nil // it is no entity's: nobody has to decide about it
	}
	if err := q.was.fold(e.Stream, e.Fact, meta.At); err != nil || e.Position >= q.From {
		return err
	}
	switch f := e.Fact.(type) {
	case *events.WaitingRoomJoined:
		q.holders[ticket{e.Stream, f.Ticket}] = f.Holder
	case *events.BookingHeld:
		q.bookers[e.Stream] = f.Holder
	}
	return q.mine.fold(e.Stream, q.Policy.before(e.Fact), meta.At)
}

// decide decides a wish at its time.
func (q *inquiry) decide(w *demand.Wish) error {
	q.latest = maxTime(q.latest, w.At)
	if err := q.mine.until(w.At); err != nil {
		return err
	}
	refused, err := q.mine.decide(w)
	q.mineTally.refused(refused)
	return err
}

// decideLate decides wishes when the waiting rooms have other settings: first who comes
// in when, then what they do, in the new order.
func (q *inquiry) decideLate(late []demand.Wish) error {
	var rooms, rest []demand.Wish
	for _, w := range late {
		if w.Stream.Category() == waitingroom.Category {
			rooms = append(rooms, w)
		} else {
			rest = append(rest, w)
		}
	}
	if len(late) == 0 {
		return nil
	}
	admissions, err := newDoors(q.mine, rooms, q.holders).run()
	if err != nil {
		return err
	}
	for _, of := range admissions {
		slices.SortFunc(of, func(a, b admission) int { return a.recorded.Compare(b.recorded) })
	}
	admitted := rest[:0]
	for _, w := range rest {
		at, ok := moved(w.At, admissions[q.holder(&w)])
		if !ok {
			q.mineTally.refused(neverAdmitted)
			continue
		}
		w.At = at
		admitted = append(admitted, w)
	}
	slices.SortStableFunc(admitted, func(a, b demand.Wish) int { return a.At.Compare(b.At) })
	for i := range admitted {
		if err := q.decide(&admitted[i]); err != nil {
			return err
		}
	}
	return nil
}

// moved is when somebody does what was done at a time, who was admitted to waiting
// rooms before; ok is false if the last of them lets nobody in here.
func moved(at time.Time, admissions []admission) (_ time.Time, ok bool) {
	for _, a := range slices.Backward(admissions) {
		if a.recorded.After(at) {
			continue
		}
		return a.here.Add(at.Sub(a.recorded)), !a.here.IsZero()
	}
	return at, true
}

// holder is who has a wish: who gets something by it, or else who asked.
func (q *inquiry) holder(w *demand.Wish) string {
	switch f := w.Fact.(type) {
	case *events.ProductReserved:
		return f.Holder
	case *events.ProductHeld:
		return f.Holder
	case *events.ProductConfirmed:
		return f.Holder
	case *events.ProductReleased:
		return f.Holder
	case *events.BookingHeld:
		q.bookers[w.Stream] = f.Holder
		return f.Holder
	case *events.BookingPaymentStarted, *events.BookingExtended, *events.BookingReleased:
		return q.bookers[w.Stream]
	case *events.RefusalRecorded:
		if f.Holder != "" {
			return f.Holder
		}
	case *events.WalletCharged:
		return strings.TrimPrefix(string(w.Stream), "wallet-")
	}
	return w.Actor
}
