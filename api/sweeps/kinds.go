package sweeps

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/product"
	"admitone/actors/tournament"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

// kind describes a kind of resource that can be cancelled.
type kind struct {
	stream func(id string) events.StreamID
	exists func(core.Core) bool
	// cancel returns the command that appends the fence to its stream.
	cancel func(reason string) core.Command
	// sweep ends everything that was held or sold before the fence, and returns the total number of
	// sales ended by the cancellation. The views include the fence.
	sweep func(ctx context.Context, s *Sweeper, id string) (ended int64, err error)
}

// kinds maps categories to kinds.
var kinds = map[string]kind{
	events.PerformanceCategory: {
		stream: func(id string) events.StreamID { return performance.Stream(events.PerformanceID(id)) },
		exists: func(c core.Core) bool { return c.(*performance.Performance).Exists() },
		cancel: func(reason string) core.Command { return &performance.Cancel{Reason: reason} },
		sweep:  sweepPerformance,
	},
	events.ProductCategory: {
		stream: func(id string) events.StreamID { return product.Stream(events.ProductID(id)) },
		exists: func(c core.Core) bool { return c.(*product.Product).Exists() },
		cancel: func(reason string) core.Command { return &product.Cancel{Reason: reason} },
		sweep:  sweepProduct,
	},
	events.TournamentCategory: {
		stream: func(id string) events.StreamID { return tournament.Stream(events.TournamentID(id)) },
		exists: func(c core.Core) bool { return c.(*tournament.Tournament).Exists() },
		cancel: func(reason string) core.Command { return &tournament.Cancel{Reason: reason} },
		sweep:  countEntries,
	},
}

func kindOf(category string) (kind, error) {
	k, ok := kinds[category]
	if !ok {
		return kind{}, fmt.Errorf("category %q can't be cancelled", category)
	}
	return k, nil
}

// sweepPerformance ends the bookings of a performance. Error: errIncomplete, if some are not ended yet.
func sweepPerformance(ctx context.Context, s *Sweeper, id string) (ended int64, err error) {
	show, _, err := s.config.Views.Performance(events.PerformanceID(id))
	if err != nil {
		return 0, err
	}
	if err := s.eachBooking(ctx, id, func(b *row.Booking) (end func() error) {
		if !b.MustCancel(&show.Cancelled) && !b.Refunding {
			return nil
		}
		bookingID := b.ID
		return func() error { return s.config.Bookings.CallOff(ctx, s.origin().Origin, bookingID) }
	}); err != nil {
		return 0, err
	}
	if err := s.config.Views.CatchUp(ctx); err != nil {
		return 0, err
	}
	remaining := 0
	err = s.eachBooking(ctx, id, func(b *row.Booking) func() error {
		switch {
		case b.FirstPosition > show.Cancelled.Fence: // refused by the fence, though the views list it
		case b.MustCancel(&show.Cancelled), b.Refunding:
			remaining++
		case b.Status == events.BookingIsCancelled:
			ended++
		}
		return nil
	})
	if err == nil && remaining > 0 {
		err = fmt.Errorf("%w: %d bookings", errIncomplete, remaining)
	}
	return ended, err
}

// eachBooking calls visit with every booking of a performance, and runs the functions that visit returns
// concurrently; nil means that there is nothing to do. It continues after a failure and returns the
// first error.
func (s *Sweeper) eachBooking(ctx context.Context, id string, visit func(*row.Booking) (end func() error)) error {
	after, firstErr := uint64(0), error(nil)
	for {
		bookings, next, err := s.bookings(id, after)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		var ends []func() error
		for i := range bookings {
			if end := visit(&bookings[i]); end != nil {
				ends = append(ends, end)
			}
		}
		if err := concurrently(ends); firstErr == nil {
			firstErr = err
		}
		if after = next; next == 0 {
			return firstErr
		}
	}
}

// bookings returns a page of the bookings of a performance after a cursor, and the next cursor, 0 at
// the end.
func (s *Sweeper) bookings(id string, after uint64) (found []row.Booking, next uint64, err error) {
	reading, err := s.config.Views.Read()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, reading.Close()) }()
	return reading.Bookings(projections.ByPerformance, id, after, page)
}

// sweepProduct ends the reservations of a product. No new ones are made after the fence.
func sweepProduct(ctx context.Context, s *Sweeper, id string) (ended int64, err error) {
	remaining, firstErr := 0, error(nil)
	for after := ""; ; {
		reservations, next, err := s.reservations(id, after)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
		var ends []func() error
		for i := range reservations {
			r := reservations[i]
			switch r.Status() {
			case events.ReservationHeld, events.ReservationConfirmed:
				remaining++
				ends = append(ends, func() error { return s.endReservation(ctx, &r) })
			case events.ReservationCancelled:
				ended++
			}
		}
		if err := concurrently(ends); firstErr == nil {
			firstErr = err
		}
		if after = next; next == "" {
			break
		}
	}
	return ended + int64(remaining), firstErr
}

// endReservation ends one reservation and, if it was paid, starts its refund.
func (s *Sweeper) endReservation(ctx context.Context, r *row.Reservation) error {
	id, err := events.ParseID(string(r.ID))
	if err != nil {
		return err
	}
	request := s.origin().request()
	request.Stream, request.Command = product.Stream(r.ProductID), &product.CallOff{ReservationID: id}
	answer, err := s.config.Desk.Ask(ctx, request)
	if err != nil {
		return err
	}
	for _, fact := range answer.Facts {
		if f, ok := fact.(*events.ProductReservationCancelled); ok && f.Payment != "" {
			return s.config.Reservations.Resume(ctx, s.origin().request(), f.Payment)
		}
	}
	return nil
}

// reservations returns a page of the reservations of a product after a cursor, and the next cursor, ""
// at the end.
func (s *Sweeper) reservations(id, after string) (found []row.Reservation, next string, err error) {
	reading, err := s.config.Views.Read()
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, reading.Close()) }()
	return reading.Reservations(events.ProductID(id), after, page)
}

// countEntries only counts, because the fence itself ends all entries of a tournament.
func countEntries(_ context.Context, s *Sweeper, id string) (ended int64, err error) {
	t, _, err := s.config.Views.Tournament(events.TournamentID(id))
	return t.Entered + t.Waitlisted, err
}

// concurrently calls functions, at most maxEnds at a time, and returns the first error in their order.
func concurrently(all []func() error) error {
	var group sync.WaitGroup
	errs := make([]error, len(all))
	slots := make(chan struct{}, maxEnds)
	for i, do := range all {
		slots <- struct{}{}
		group.Go(func() {
			errs[i] = process.Guard(do)
			<-slots
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
