package projections

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const (
	performanceCategory = "performance"
	seatCategory        = "seat"
	bookingCategory     = "booking"
	walletCategory      = "wallet"
	allowanceCategory   = "allowance"
)

func init() {
	register(registration{
		views:      "boxoffice.v1",
		categories: []string{performanceCategory, seatCategory, bookingCategory, walletCategory, allowanceCategory},
		open:       func(p *Projections) kind { return newBoxOffice(p) },
	})
}

// boxOffice is the kind of numbered seats: a row per performance and the map of its
// seats, a row per booking and per wallet, and the topics "performance:<id>" and
// "seats:<id>". They are one kind because a booking is unfinished as long as seats
// of it are not where they should be, and those are streams of their own.
type boxOffice struct {
	performances *table[Performance]
	blocks       *table[seatBlock]
	dates        *records[struct{}]
	bookings     *table[Booking]
	holders      *records[string]
	wallets      *table[Wallet]
	entries      *records[WalletEntry]
	holdings     *records[holding]
	unfinished   *unfinished
	at           func() events.Position // up to which the views have come

	topic     *topicKind
	seatTopic *topicKind
	trail     trail

	// Reused for every event.
	delta     PerformanceDelta
	seatDelta SeatsDelta
}

func newBoxOffice(p *Projections) *boxOffice {
	k := &boxOffice{
		performances: newTable(p, "performance", appendPerformance, decodePerformance),
		blocks:       newTable(p, "seats", appendSeatBlock, decodeSeatBlock),
		dates:        newRecords(p, "starts", appendNothing, decodeNothing),
		bookings:     newTable(p, "booking", appendBooking, decodeBooking),
		holders:      newRecords(p, "booked", func(dst []byte, id *string) []byte { return append(dst, *id...) }, decodeText),
		wallets:      newTable(p, "wallet", appendWallet, decodeWallet),
		entries:      newRecords(p, "money", appendWalletEntry, decodeWalletEntry),
		holdings:     newRecords(p, "holding", appendHolding, decodeHolding),
		unfinished:   newUnfinished(p),
		at:           func() events.Position { return p.at.position },
	}
	k.performances.limit, k.blocks.limit = cachedPerformances, cachedSeatBlocks
	k.topic = newTopicKind("performance", k.state)
	k.seatTopic = newTopicKind("seats", k.seatsState)
	k.topic.recollect, k.seatTopic.recollect = k.recollect, k.recollectSeats
	regain := func(ctx context.Context, since events.Position) { k.regain(ctx, p, since) }
	k.topic.regain, k.seatTopic.regain = regain, regain
	return k
}

// cachedPerformances are kept in memory with their sections, at most twice.
const cachedPerformances = 2000

func appendNothing(dst []byte, _ *struct{}) []byte { return dst }

func decodeNothing([]byte) (struct{}, error) { return struct{}{}, nil }

func decodeText(record []byte) (string, error) { return string(record), nil }

func (k *boxOffice) topics() []*topicKind { return []*topicKind{k.topic, k.seatTopic} }

func (k *boxOffice) reset() {
	k.performances.reset()
	k.blocks.reset()
	k.dates.reset()
	k.bookings.reset()
	k.holders.reset()
	k.wallets.reset()
	k.entries.reset()
	k.holdings.reset()
	k.unfinished.reset()
	k.trail.reset()
}

func (k *boxOffice) flush(b *pebble.Batch) error {
	for _, flush := range [...]func(*pebble.Batch) error{
		k.performances.flush, k.blocks.flush, k.dates.flush, k.bookings.flush, k.holders.flush,
		k.wallets.flush, k.entries.flush, k.holdings.flush, k.unfinished.records.flush,
	} {
		if err := flush(b); err != nil {
			return err
		}
	}
	return nil
}

func (k *boxOffice) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	switch e.Stream.Category() {
	case seatCategory:
		return 1, k.foldSeat(e, fact)
	case bookingCategory:
		return 1, k.foldBooking(e, fact)
	case walletCategory:
		return 1, k.foldWallet(e, fact)
	case allowanceCategory:
		return 1, k.foldAllowance(e, fact)
	}
	return 1, k.foldPerformance(e, fact)
}

func (k *boxOffice) foldPerformance(e *events.Recorded, fact events.Fact) error {
	entry, err := k.performances.find(e.Stream.Entity())
	if err != nil {
		return err
	}
	if entry != nil {
		if done, err := follows(e, fact, entry.row.Revision, true); done || err != nil {
			return err
		}
	}
	row, err := newPerformance(e, fact)
	if err != nil {
		return err
	}
	k.performances.add(row.ID, row)
	k.dates.set(dateKey(row.StartsAt, row.ID), &struct{}{})
	k.leave(row.Position, &row, -1, seatStep{})
	return nil
}

// foldSeat takes a constant time, however many seats there are.
func (k *boxOffice) foldSeat(e *events.Recorded, fact events.Fact) error {
	performance, name := events.CutPerformance(e.Stream.Entity())
	entry, err := k.performances.find(performance)
	if err != nil {
		return err
	}
	step, ok := stepOf(fact)
	if entry == nil || !ok {
		return fmt.Errorf("%w: position %d: a %s in %s, whose performance is there: %t", ErrViolated, e.Position, fact.Name(), e.Stream, entry != nil)
	}
	seat, section, ok := entry.row.layout.find(name)
	if !ok {
		return fmt.Errorf("%w: position %d: %s is not in the performance's layout", ErrViolated, e.Position, e.Stream)
	}
	key, in := seatBlockKey(entry.id, seat/seatBlockSize), seat%seatBlockSize
	block, err := k.blocks.find(key)
	if err != nil {
		return err
	}
	was := markUntouched
	if block != nil {
		was = seatMark(block.row[in])
	}
	if was.settled() != step.from {
		return fmt.Errorf("%w: position %d: %s@%d is a %s while the seat is %s",
			ErrViolated, e.Position, e.Stream, e.Revision, fact.Name(), was.status())
	}
	if step.holdID != "" {
		if err := k.have(e, step.holdID, holding{seats: heldBy(step.to) - heldBy(step.from)}); err != nil {
			return err
		}
	}
	if step.from == step.to {
		return nil // a deadline moved, which neither the row nor the map shows
	}
	if block == nil {
		k.blocks.add(key, seatBlock{})
		block = k.blocks.last
		entry.row.blocks++
	}
	block.row[in] = byte(step.to)
	k.blocks.changed(block)
	row := &entry.row
	row.move(step.from, step.to)
	row.Sections[section].move(step.from, step.to)
	row.Position, row.Updated = e.Position, e.Created
	k.performances.changed(entry)
	k.leave(e.Position, row, seat, step)
	k.tell(e, row, seat, section, step)
	return nil
}

// heldBy is 1 for a seat that a hold has.
func heldBy(mark seatMark) int64 {
	if mark == markHeld || mark == markBooked {
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
	return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
}
