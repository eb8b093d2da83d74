package whatif

import (
	"context"
	"iter"
	"slices"
	"time"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// Question specifies a range of demand and a different policy for it.
type Question struct {
	Policy kinds.Policy
	// From and To are the first and the last position of the range.
	From, To events.Position
	// Progress, if set, is called with the position up to which the log has been read.
	Progress func(events.Position)
}

// Comparison is the answer to a Question.
type Comparison struct {
	From     events.Position `json:"from"`
	To       events.Position `json:"to"`
	Policy   kinds.Policy    `json:"policy"`
	Intents  int64           `json:"wishes"`
	Recorded Figures         `json:"recorded"`
	WhatIf   Figures         `json:"what_if"`

	recorded, whatIf series
}

// neverAdmitted is the code of requests of holders whom no waiting room has admitted.
const neverAdmitted core.Code = "never_admitted"

// run is the state of answering a question.
type run struct {
	Question
	store events.Store
	// recorded follows the log; whatIf is the simulation under the policy.
	recorded        *simulation
	whatIf          *executor
	recordedSummary *summary
	whatIfSummary   *summary
	holders         map[ticket]events.Holder          // of tickets from before the range
	bookers         map[events.StreamID]events.Holder // by the stream of the booking
	intents         int64
	last            time.Time // of the recorded facts
	latest          time.Time // of the requests decided so far
}

// Ask answers a question. It needs memory for two copies of all entities in the log. Errors:
// ErrBadPolicy; the store's; events.ErrDamaged.
func Ask(ctx context.Context, store events.Store, question Question) (*Comparison, error) {
	q := newRun(store, question)
	if err := q.execute(ctx); err != nil {
		return nil, err
	}
	return &Comparison{From: q.From, To: q.To, Policy: q.Policy, Intents: q.intents,
		Recorded: q.recordedSummary.result(), WhatIf: q.whatIfSummary.result(),
		recorded: q.recordedSummary.sales, whatIf: q.whatIfSummary.sales}, nil
}

func newRun(store events.Store, question Question) *run {
	q := &run{Question: question, store: store, recordedSummary: newSummary(), whatIfSummary: newSummary(),
		holders: map[ticket]events.Holder{}, bookers: map[events.StreamID]events.Holder{}}
	q.recorded = newSimulation(store, q.recordedSummary.add)
	q.whatIf = newExecutor(newSimulation(store, q.whatIfSummary.add))
	return q
}

func (q *run) execute(ctx context.Context) error {
	if q.From <= 1 {
		if err := q.begin(); err != nil {
			return err
		}
	}
	refused, err := demand.Refused(ctx, q.store, q.From, q.To)
	if err != nil {
		return err
	}
	var all []demand.Request // if the order of the log does not apply
	for request, err := range demand.Of(q.inRange(ctx), refused) {
		if err != nil {
			return err
		}
		request.Fact = q.intent(request.Stream, request.Fact)
		if !request.System {
			q.intents++
		}
		q.recordedSummary.refused(core.Code(request.Refused))
		if q.changesRooms() {
			all = append(all, request)
			continue
		}
		if err := q.decide(&request); err != nil {
			return err
		}
	}
	if err := q.decideWithRooms(all); err != nil {
		return err
	}
	if err := q.recorded.end(q.last); err != nil {
		return err
	}
	return q.whatIf.end(maxTime(q.last, q.latest))
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// begin prepares both sides for the range.
func (q *run) begin() error {
	q.recordedSummary.active, q.whatIfSummary.active = true, true
	if err := q.whatIf.settle(); err != nil {
		return err
	}
	return q.applyPolicy()
}

// inRange yields the events of the range. It folds the whole log into the recorded simulation, and the events before
// the range also into the simulation under the policy.
func (q *run) inRange(ctx context.Context) iter.Seq2[events.Recorded, error] {
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

func (q *run) fold(e *events.Recorded) error {
	if q.Progress != nil {
		q.Progress(e.Position)
	}
	if !events.KnownCategory(e.Stream.Category()) {
		return nil // an event of another program
	}
	var err error
	if e.Fact, err = e.Decode(); err != nil {
		return err
	}
	meta, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return err
	}
	if e.Position >= q.From && !q.recordedSummary.active {
		if err := q.begin(); err != nil {
			return err
		}
	}
	q.last = maxTime(q.last, meta.At)
	if kinds.Of(e.Stream) == nil {
		return nil // the stream is not an entity's
	}
	if err := q.recorded.fold(e.Stream, e.Fact, meta.At); err != nil || e.Position >= q.From {
		return err
	}
	switch f := e.Fact.(type) {
	case *events.WaitingRoomJoined:
		q.holders[ticket{e.Stream, f.Ticket}] = f.Holder
	case *events.BookingHeld:
		q.bookers[e.Stream] = f.Holder
	}
	return q.whatIf.fold(e.Stream, q.before(e.Stream, e.Fact), meta.At)
}

// decide decides a request at its time.
func (q *run) decide(request *demand.Request) error {
	q.latest = maxTime(q.latest, request.At)
	if err := q.whatIf.advance(request.At); err != nil {
		return err
	}
	refused, err := q.whatIf.decide(request)
	q.whatIfSummary.refused(refused)
	return err
}

// decideWithRooms decides all requests if the policy changes waiting rooms: first those about waiting
// rooms, then all others in the resulting order.
func (q *run) decideWithRooms(all []demand.Request) error {
	var rooms, rest []demand.Request
	for _, request := range all {
		if request.Stream.Category() == events.WaitingRoomCategory {
			rooms = append(rooms, request)
		} else {
			rest = append(rest, request)
		}
	}
	if len(all) == 0 {
		return nil
	}
	admissions, err := newAdmissions(q.whatIf, rooms, q.holders).run()
	if err != nil {
		return err
	}
	for _, of := range admissions {
		slices.SortFunc(of, func(a, b admission) int { return a.recorded.Compare(b.recorded) })
	}
	admitted := rest[:0]
	for _, request := range rest {
		at, ok := moved(request.At, admissions[q.holder(&request)])
		if !ok {
			q.whatIfSummary.refused(neverAdmitted)
			continue
		}
		request.At = at
		admitted = append(admitted, request)
	}
	slices.SortStableFunc(admitted, func(a, b demand.Request) int { return a.At.Compare(b.At) })
	for i := range admitted {
		if err := q.decide(&admitted[i]); err != nil {
			return err
		}
	}
	return nil
}

// moved returns the time of a request that was recorded at a time, moved like the holder's last admission before it.
// ok is false if the simulation has no such admission.
func moved(at time.Time, admissions []admission) (_ time.Time, ok bool) {
	for _, a := range slices.Backward(admissions) {
		if a.recorded.After(at) {
			continue
		}
		return a.simulated.Add(at.Sub(a.recorded)), !a.simulated.IsZero()
	}
	return at, true
}

// holder returns the holder that a request concerns, or else its actor.
func (q *run) holder(request *demand.Request) events.Holder {
	switch f := request.Fact.(type) {
	case *events.BookingHeld:
		q.bookers[request.Stream] = f.Holder
	case *events.BookingPaymentStarted, *events.BookingExtended, *events.BookingReleased, *events.BookingSeatReturned,
		*events.BookingIntentBegun, *events.BookingIntentEnded:
		return q.bookers[request.Stream]
	case *events.PaymentReceived:
		if f.BookingID != "" {
			return q.bookers[booking.Stream(f.BookingID)]
		}
	case *events.WalletCharged:
		return events.Holder(request.Stream.Entity())
	}
	if holder := events.HolderOf(request.Fact); holder != "" {
		return holder
	}
	return events.Holder(request.Actor)
}
