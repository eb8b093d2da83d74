package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version: "boxoffice.v8",
		categories: []string{events.PerformanceCategory, events.SeatCategory, events.BookingCategory,
			events.WalletCategory, events.AllowanceCategory, events.AreaCategory},
		open: func(p *Projections) view { return newBoxOffice(p) },
	})
}

// boxOffice is the view of performances: a row per performance and its seat map, a row per booking and per
// wallet, and the topics "performance:<id>" and "seats:<id>". It is one view because a booking is unfinished
// while its seats, which are streams of their own, are not in their final state.
type boxOffice struct {
	performances *table[row.Performance]
	blocks       *table[seatBlock]
	dates        *records[struct{}]
	bookings     *table[row.Booking]
	holders      *records[string]
	orders       *bookingOrders
	open         *openHolds
	labels       *records[string]
	wallets      *table[row.Wallet]
	entries      *records[row.WalletEntry]
	holdings     *records[holding]
	unconfirmed  *records[unconfirmedHolds]
	unfinished   *unfinished
	changing     *unfinished            // performances with a change of blocks in progress
	at           func() events.Position // the position of the views
	plans        func() *plans

	topic       *live.Topics
	seatTopic   *live.Topics
	recentSteps recentSteps

	// Reused for every event.
	delta     live.PerformanceDelta
	seatDelta live.SeatsDelta
}

func newBoxOffice(p *Projections) *boxOffice {
	k := &boxOffice{
		performances: newTable(p, "performance", row.AppendPerformance,
			func(id string, record []byte) (row.Performance, error) { return decodePerformance(p, id, record) }),
		blocks:   newTable(p, "seats", appendSeatBlock, decodeSeatBlock),
		dates:    newRecords(p, "starts", appendNothing, decodeNothing),
		bookings: newTable(p, "booking", row.AppendBooking, row.DecodeBooking),
		holders:  newRecords(p, "booked", func(dst []byte, id *string) []byte { return append(dst, *id...) }, decodeText),
		orders:   newBookingOrders(p),
		open:     newOpenHolds(p, "booking-open"),
		labels: newRecords(p, "blocked", func(dst []byte, label *string) []byte { return append(dst, *label...) },
			decodeText),
		wallets:     newTable(p, "wallet", row.AppendWallet, row.DecodeWallet),
		entries:     newRecords(p, "money", row.AppendWalletEntry, row.DecodeWalletEntry),
		holdings:    newRecords(p, "holding", appendHolding, decodeHolding),
		unconfirmed: newRecords(p, "begun", appendUnconfirmed, decodeUnconfirmed),
		unfinished:  newUnfinished(p, "unfinished", events.BookingCategory),
		changing:    newUnfinished(p, "blocks-unfinished", events.PerformanceCategory),
		at:          func() events.Position { return p.at.position },
		plans:       func() *plans { return viewOf[*plans](p) },
	}
	k.bookings.filter = p.keyFilter.forView(k.bookings.prefix)
	k.holdings.filter = p.keyFilter.forView(k.holdings.prefix)
	k.unconfirmed.filter = p.keyFilter.forView(k.unconfirmed.prefix)
	k.unfinished.records.filter = p.keyFilter.forView(k.unfinished.records.prefix)
	k.performances.limit, k.blocks.limit, k.bookings.limit = cachedPerformances, cachedSeatBlocks, cachedBookings
	k.topic = live.NewTopics("performance", k.state)
	k.seatTopic = live.NewTopics("seats", k.seatsState)
	k.topic.ResumeDelta, k.seatTopic.ResumeDelta = k.resumeDelta, k.resumeSeatsDelta
	backfill := func(ctx context.Context, since events.Position) { k.backfill(ctx, p, since) }
	k.topic.Backfill, k.seatTopic.Backfill = backfill, backfill
	return k
}

// cachedBookings bounds each of the two generations of cached bookings, of about 700 bytes each. Most bookings get
// their second fact minutes after the first, in an on-sale after many thousands of other bookings.
const cachedBookings = 10_000

// cachedPerformances bounds each of the two generations of performances that are cached with their sections.
const cachedPerformances = 2000

func appendNothing(dst []byte, _ *struct{}) []byte { return dst }

func decodeNothing([]byte) (struct{}, error) { return struct{}{}, nil }

func decodeText(record []byte) (string, error) { return string(record), nil }

func (k *boxOffice) topics() []*live.Topics { return []*live.Topics{k.topic, k.seatTopic} }

func (k *boxOffice) reset() {
	k.performances.reset()
	k.blocks.reset()
	k.dates.reset()
	k.bookings.reset()
	k.holders.reset()
	k.orders.reset()
	k.open.reset()
	k.labels.reset()
	k.wallets.reset()
	k.entries.reset()
	k.holdings.reset()
	k.unconfirmed.reset()
	k.unfinished.reset()
	k.changing.reset()
	k.recentSteps.reset()
}

func (k *boxOffice) flush(b *pebble.Batch) error {
	for _, flush := range [...]func(*pebble.Batch) error{
		k.performances.flush, k.blocks.flush, k.dates.flush, k.bookings.flush, k.holders.flush, k.open.flush,
		k.labels.flush,
		k.orders.byPerformance.flush, k.orders.byReference.flush,
		k.wallets.flush, k.entries.flush, k.holdings.flush, k.unconfirmed.flush, k.unfinished.records.flush,
		k.changing.records.flush,
	} {
		if err := flush(b); err != nil {
			return err
		}
	}
	return nil
}

func (k *boxOffice) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	switch e.Stream.Category() {
	case events.SeatCategory:
		return 1, k.foldSeat(e, fact)
	case events.BookingCategory:
		return 1, k.foldBooking(e, fact)
	case events.WalletCategory:
		return 1, k.foldWallet(e, fact)
	case events.AllowanceCategory:
		return 1, k.foldAllowance(e, fact)
	case events.AreaCategory:
		return 1, k.foldArea(e, fact)
	}
	return 1, k.foldPerformance(e, fact)
}

func (k *boxOffice) foldPerformance(e *events.Recorded, fact events.Fact) error {
	entry, err := k.performances.find(e.Stream.Entity())
	if err != nil {
		return err
	}
	if entry == nil {
		performance, err := row.NewPerformance(e, fact)
		if err == nil {
			err = k.useHall(e, &performance)
		}
		if err != nil {
			return err
		}
		k.performances.add(string(performance.ID), performance)
		k.dates.set(dateKey(performance.StartsAt, performance.ID), &struct{}{})
		k.recordStep(performance.Position, &performance, wholePerformance, row.SeatStep{}, "")
		return nil
	}
	starts, revision := entry.row.StartsAt, entry.row.Revision
	if err := entry.row.ApplyFact(e, fact); err != nil || entry.row.Revision == revision {
		return err
	}
	if k.foldBlockChange(e, fact) {
		k.performances.changed(entry)
		return nil
	}
	if !entry.row.StartsAt.Equal(starts) {
		k.dates.delete(dateKey(starts, entry.row.ID))
		k.dates.set(dateKey(entry.row.StartsAt, entry.row.ID), &struct{}{})
	}
	k.performances.changed(entry)
	cause := live.PerformanceCause(fact)
	k.recordStep(e.Position, &entry.row, wholePerformance, row.SeatStep{}, cause)
	k.publishPerformance(e, &entry.row, cause)
	return nil
}

// decodePerformance decodes a record and attaches the hall of its plan.
func decodePerformance(p *Projections, id string, record []byte) (row.Performance, error) {
	performance, err := row.DecodePerformance(id, record)
	if err != nil || performance.Plan == "" {
		return performance, err
	}
	hall, err := viewOf[*plans](p).storedHall(performance.Plan)
	if err == nil {
		performance.UseHall(hall)
	}
	return performance, err
}

// useHall attaches the hall of a new performance's plan.
func (k *boxOffice) useHall(e *events.Recorded, performance *row.Performance) error {
	if performance.Plan == "" {
		return nil
	}
	hall, err := k.plans().foldedHall(performance.Plan)
	if errors.Is(err, events.ErrNoPlan) {
		return fmt.Errorf("%w: position %d: %s refers to the plan %q, which does not exist", row.ErrViolated,
			e.Position, e.Stream, performance.Plan)
	}
	if err == nil {
		performance.UseHall(hall)
	}
	return err
}

// foldSeat applies a fact of a seat in constant time, independent of the number of seats.
func (k *boxOffice) foldSeat(e *events.Recorded, fact events.Fact) error {
	performance, name := events.CutPerformance(e.Stream.Entity())
	entry, err := k.performances.find(string(performance))
	if err != nil {
		return err
	}
	step, ok := row.StepOf(fact)
	if entry == nil || !ok {
		return fmt.Errorf("%w: position %d: a %s in %s; its performance exists: %t", row.ErrViolated, e.Position,
			fact.Name(), e.Stream, entry != nil)
	}
	seat, ok := entry.row.Layout.Find(events.SeatName(name))
	if !ok {
		return fmt.Errorf("%w: position %d: %s is not in the performance's layout", row.ErrViolated, e.Position, e.Stream)
	}
	key, index := seatBlockKey(events.PerformanceID(entry.id), int32(seat/seatBlockSize)), seat%seatBlockSize
	block, err := k.blocks.find(key)
	if err != nil {
		return err
	}
	was := row.MarkUntouched
	if block != nil {
		was = row.Mark(block.row[index])
	}
	if was.Normalized() != step.From {
		return fmt.Errorf("%w: position %d: %s@%d is a %s while the seat is %s",
			row.ErrViolated, e.Position, e.Stream, e.Revision, fact.Name(), was.Status())
	}
	if holdID := events.HoldOf(fact); holdID != "" {
		if err := k.addHolding(e, holdID, holding{seats: heldBy(step.To) - heldBy(step.From)}); err != nil {
			return err
		}
	}
	if step.From == step.To {
		return nil // only the deadline changed, which neither the row nor the map contains
	}
	if block == nil {
		k.blocks.add(key, seatBlock{})
		block = k.blocks.last
		entry.row.Blocks++
	}
	k.foldLabel(events.PerformanceID(entry.id), seat, fact)
	block.row[index] = byte(step.To)
	k.blocks.changed(block)
	row := &entry.row
	section := row.Layout.SectionOf(seat)
	row.Move(step.From, step.To)
	row.Sections[section].Move(step.From, step.To)
	row.Position, row.Updated = e.Position, e.Created
	k.performances.changed(entry)
	cause := live.SeatCause(fact)
	k.recordStep(e.Position, row, seat, step, cause)
	k.publishStep(e, row, seat, section, step, cause)
	return nil
}

// heldBy is 1 for a seat that is held or booked under a hold, else 0.
func heldBy(mark row.Mark) int64 {
	if mark == row.MarkHeld || mark == row.MarkBooked {
		return 1
	}
	return 0
}

func (k *boxOffice) foldAllowance(e *events.Recorded, fact events.Fact) error {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		return k.addHolding(e, f.HoldID, holding{allowance: f.Seats})
	case *events.AllowanceReduced:
		return k.addHolding(e, f.HoldID, holding{allowance: -f.Seats})
	case *events.AllowanceReleased:
		return k.addHolding(e, f.HoldID, holding{allowance: -f.Seats})
	case *events.AllowanceExpired:
		return k.addHolding(e, f.HoldID, holding{allowance: -f.Seats})
	case *events.AllowanceExtended, *events.AllowanceKept:
		return nil
	}
	return fmt.Errorf("%w: position %d: a %s in %s", row.ErrViolated, e.Position, fact.Name(), e.Stream)
}
