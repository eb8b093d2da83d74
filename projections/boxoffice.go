package projections

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		views: "boxoffice.v3",
		categories: []string{events.PerformanceCategory, events.SeatCategory, events.BookingCategory,
			events.WalletCategory, events.AllowanceCategory},
		open: func(p *Projections) view { return newBoxOffice(p) },
	})
}

// boxOffice is the kind of numbered seats: a row per performance and the map of its
// seats, a row per booking and per wallet, and the topics "performance:<id>" and
// "seats:<id>". They are one kind because a booking is unfinished as long as seats
// of it are not where they should be, and those are streams of their own.
type boxOffice struct {
	performances *table[row.Performance]
	blocks       *table[seatBlock]
	dates        *records[struct{}]
	bookings     *table[row.Booking]
	holders      *records[string]
	orders       *bookingOrders
	open         *openHolds
	wallets      *table[row.Wallet]
	entries      *records[row.WalletEntry]
	holdings     *records[holding]
	begun        *records[begun]
	unfinished   *unfinished
	at           func() events.Position // up to which the views have come

	topic       *live.Topics
	seatTopic   *live.Topics
	recentSteps recentSteps

	// Reused for every event.
	delta     live.PerformanceDelta
	seatDelta live.SeatsDelta
}

func newBoxOffice(p *Projections) *boxOffice {
	k := &boxOffice{
		performances: newTable(p, "performance", row.AppendPerformance, row.DecodePerformance),
		blocks:       newTable(p, "seats", appendSeatBlock, decodeSeatBlock),
		dates:        newRecords(p, "starts", appendNothing, decodeNothing),
		bookings:     newTable(p, "booking", row.AppendBooking, row.DecodeBooking),
		holders:      newRecords(p, "booked", func(dst []byte, id *string) []byte { return append(dst, *id...) }, decodeText),
		orders:       newBookingOrders(p),
		open:         newOpenHolds(p, "booking-open"),
		wallets:      newTable(p, "wallet", row.AppendWallet, row.DecodeWallet),
		entries:      newRecords(p, "money", row.AppendWalletEntry, row.DecodeWalletEntry),
		holdings:     newRecords(p, "holding", appendHolding, decodeHolding),
		begun:        newRecords(p, "begun", appendBegun, decodeBegun),
		unfinished:   newUnfinished(p, "unfinished"),
		at:           func() events.Position { return p.at.position },
	}
	k.bookings.missing = p.absence.of(k.bookings.prefix)
	k.holdings.missing = p.absence.of(k.holdings.prefix)
	k.begun.missing = p.absence.of(k.begun.prefix)
	k.open.missing = p.absence.of(k.open.prefix)
	k.performances.limit, k.blocks.limit = cachedPerformances, cachedSeatBlocks
	k.topic = live.NewTopics("performance", k.state)
	k.seatTopic = live.NewTopics("seats", k.seatsState)
	k.topic.ResumeDelta, k.seatTopic.ResumeDelta = k.resumeDelta, k.resumeSeatsDelta
	backfill := func(ctx context.Context, since events.Position) { k.backfill(ctx, p, since) }
	k.topic.Backfill, k.seatTopic.Backfill = backfill, backfill
	return k
}

// cachedPerformances are kept in memory with their sections, at most twice.
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
	k.wallets.reset()
	k.entries.reset()
	k.holdings.reset()
	k.begun.reset()
	k.unfinished.reset()
	k.recentSteps.reset()
}

func (k *boxOffice) flush(b *pebble.Batch) error {
	for _, flush := range [...]func(*pebble.Batch) error{
		k.performances.flush, k.blocks.flush, k.dates.flush, k.bookings.flush, k.holders.flush, k.open.flush,
		k.orders.made.flush, k.orders.referenced.flush,
		k.wallets.flush, k.entries.flush, k.holdings.flush, k.begun.flush, k.unfinished.records.flush,
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
		if err != nil {
			return err
		}
		k.performances.add(string(performance.ID), performance)
		k.dates.set(dateKey(performance.StartsAt, performance.ID), &struct{}{})
		k.recordStep(performance.Position, &performance, -1, row.SeatStep{}, "")
		return nil
	}
	starts, revision := entry.row.StartsAt, entry.row.Revision
	if err := entry.row.ApplyFact(e, fact); err != nil || entry.row.Revision == revision {
		return err
	}
	if !entry.row.StartsAt.Equal(starts) {
		k.dates.delete(dateKey(starts, entry.row.ID))
		k.dates.set(dateKey(entry.row.StartsAt, entry.row.ID), &struct{}{})
	}
	k.performances.changed(entry)
	cause := live.PerformanceCause(fact)
	k.recordStep(e.Position, &entry.row, -1, row.SeatStep{}, cause)
	k.publishStated(e, &entry.row, cause)
	return nil
}

// foldSeat takes a constant time, however many seats there are.
func (k *boxOffice) foldSeat(e *events.Recorded, fact events.Fact) error {
	performance, name := events.CutPerformance(e.Stream.Entity())
	entry, err := k.performances.find(string(performance))
	if err != nil {
		return err
	}
	step, ok := row.StepOf(fact)
	if entry == nil || !ok {
		return fmt.Errorf("%w: position %d: a %s in %s, whose performance is there: %t", row.ErrViolated, e.Position,
			fact.Name(), e.Stream, entry != nil)
	}
	seat, ok := entry.row.Layout.Find(events.SeatName(name))
	if !ok {
		return fmt.Errorf("%w: position %d: %s is not in the performance's layout", row.ErrViolated, e.Position, e.Stream)
	}
	key, in := seatBlockKey(events.PerformanceID(entry.id), int32(seat/seatBlockSize)), seat%seatBlockSize
	block, err := k.blocks.find(key)
	if err != nil {
		return err
	}
	was := row.MarkUntouched
	if block != nil {
		was = row.Mark(block.row[in])
	}
	if was.Settled() != step.From {
		return fmt.Errorf("%w: position %d: %s@%d is a %s while the seat is %s",
			row.ErrViolated, e.Position, e.Stream, e.Revision, fact.Name(), was.Status())
	}
	if holdID := events.HoldOf(fact); holdID != "" {
		if err := k.have(e, holdID, holding{seats: heldBy(step.To) - heldBy(step.From)}); err != nil {
			return err
		}
	}
	if step.From == step.To {
		return nil // a deadline moved, which neither the row nor the map shows
	}
	if block == nil {
		k.blocks.add(key, seatBlock{})
		block = k.blocks.last
		entry.row.Blocks++
	}
	block.row[in] = byte(step.To)
	k.blocks.changed(block)
	row := &entry.row
	section, _, _ := row.Layout.Place(seat)
	row.Move(step.From, step.To)
	row.Sections[section].Move(step.From, step.To)
	row.Position, row.Updated = e.Position, e.Created
	k.performances.changed(entry)
	cause := live.SeatCause(fact)
	k.recordStep(e.Position, row, seat, step, cause)
	k.publishStep(e, row, seat, section, step, cause)
	return nil
}

// heldBy is 1 for a seat that a hold has.
func heldBy(mark row.Mark) int64 {
	if mark == row.MarkHeld || mark == row.MarkBooked {
		return 1
	}
	return 0
}

func (k *boxOffice) foldAllowance(e *events.Recorded, fact events.Fact) error {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		return k.have(e, f.HoldID, holding{allowance: f.Seats})
	case *events.AllowanceReleased:
		return k.have(e, f.HoldID, holding{allowance: -f.Seats})
	case *events.AllowanceExpired:
		return k.have(e, f.HoldID, holding{allowance: -f.Seats})
	case *events.AllowanceExtended, *events.AllowanceKept:
		return nil
	}
	return fmt.Errorf("%w: position %d: a %s in %s", row.ErrViolated, e.Position, fact.Name(), e.Stream)
}
