package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"admitone/api"
	"admitone/events"
	"admitone/projections"
)

// showPerformance shows a performance with where the seats of its sections stand.
func showPerformance(ctx context.Context, store events.Store, id string, at projections.Moment) (*shown, error) {
	p, seats, err := projections.PerformanceAt(ctx, store, id, at.Position, nil)
	if err != nil || p == nil {
		return nil, err
	}
	return &shown{
		text:  func(out io.Writer) error { return performanceText(out, p) },
		json:  func(asOf *projections.Moment) []byte { return api.AppendPerformance(nil, p, asOf) },
		parts: func() parts { return seatParts(seats) },
	}, nil
}

func performanceText(out io.Writer, p *projections.Performance) error {
	limit := "none"
	if p.LimitPerHolder > 0 {
		limit = fmt.Sprint(p.LimitPerHolder)
	}
	if _, err := fmt.Fprintf(out, `performance/%s  %s
  venue      %s, %s
  seats      %s
  limit      %s per holder
  holds      %d s
  position   %d
`, p.ID, p.Title, p.Venue, stamp(p.StartsAt), seatsText(&p.SeatCounts), limit, p.HoldSeconds, p.Position); err != nil {
		return err
	}
	for i := range p.Sections {
		s := &p.Sections[i]
		if _, err := fmt.Fprintf(out, "  section    %s  %s: %d rows of %d at %d; %s\n", s.ID, s.DisplayName, s.Rows, s.SeatsPerRow, s.Price, seatsText(&s.SeatCounts)); err != nil {
			return err
		}
	}
	return nil
}

func seatsText(c *projections.SeatCounts) string {
	return fmt.Sprintf("%d = %d remaining + %d held + %d booked + %d blocked", c.Capacity, c.Remaining(), c.Held, c.Booked, c.Blocked)
}

// showBooking shows a booking; its deadline passes without an event.
func showBooking(ctx context.Context, store events.Store, id string, at projections.Moment) (*shown, error) {
	b, err := projections.BookingAt(ctx, store, id, at.Position)
	if err != nil || b == nil {
		return nil, err
	}
	b.Status = b.StatusAt(at.Time)
	return &shown{
		text: func(out io.Writer) error { return bookingText(out, b) },
		json: func(asOf *projections.Moment) []byte { return api.AppendBooking(nil, b, asOf) },
	}, nil
}

func bookingText(out io.Writer, b *projections.Booking) error {
	seats := make([]string, len(b.Seats))
	for i := range b.Seats {
		seats[i] = b.Seats[i].Seat
	}
	_, err := fmt.Fprintf(out, `booking/%s  %s
  holder     %s
  seats      %s of performance/%s
  amount     %d
  deadline   %s
  revision   %d, position %d
  created    %s
  changed    %s
`, b.ID, b.Status, b.Holder, strings.Join(seats, " "), b.PerformanceID, b.Amount, stamp(b.ExpiresAt), b.Revision, b.Position, stamp(b.Created), stamp(b.Updated))
	return err
}

func walletText(out io.Writer, w *projections.Wallet) error {
	_, err := fmt.Fprintf(out, `wallet/%s
  balance    %d = %d charged - %d debited + %d refunded
  revision   %d, position %d
  created    %s
  changed    %s
`, w.Holder, w.Balance, w.Charged, w.Debited, w.Refunded, w.Revision, w.Position, stamp(w.Created), stamp(w.Updated))
	return err
}

func seatText(out io.Writer, s *projections.OneSeat) error {
	_, err := fmt.Fprintf(out, "seat/%s  %s\n", events.OfPerformance(s.PerformanceID, s.Name), s.Status)
	if err == nil && s.Holder != "" {
		_, err = fmt.Fprintf(out, "  holder     %s\n  booking    %s, hold %s\n", s.Holder, s.BookingID(), s.HoldID)
	}
	if err == nil && !s.ExpiresAt.IsZero() {
		_, err = fmt.Fprintf(out, "  until      %s\n", stamp(s.ExpiresAt))
	}
	if err == nil && s.Position > 0 {
		_, err = fmt.Fprintf(out, "  revision   %d, position %d\n  changed    %s\n", s.Revision, s.Position, stamp(s.Updated))
	}
	return err
}

func appendSeat(dst []byte, s *projections.OneSeat, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("performance_id", s.PerformanceID)
	o.String("seat", s.Name)
	o.String("status", string(s.Status))
	if s.Holder != "" {
		o.String("holder", s.Holder)
		o.String("booking_id", s.BookingID())
		o.String("hold_id", s.HoldID)
	}
	if !s.ExpiresAt.IsZero() {
		o.Time("expires_at", s.ExpiresAt)
	}
	return closeShown(&o, int64(s.Revision), int64(s.Position), at)
}

func allowanceText(out io.Writer, a *projections.Allowance) error {
	_, err := fmt.Fprintf(out, "allowance/%s\n  taken      %d of performance/%s by %s\n  revision   %d, position %d\n  changed    %s\n",
		events.OfPerformance(a.PerformanceID, a.Holder), a.Taken, a.PerformanceID, a.Holder, a.Revision, a.Position, stamp(a.Updated))
	return err
}

func appendAllowance(dst []byte, a *projections.Allowance, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("performance_id", a.PerformanceID)
	o.String("holder", a.Holder)
	o.Int("taken", a.Taken)
	return closeShown(&o, int64(a.Revision), int64(a.Position), at)
}

// closeShown ends the JSON of a resource that has no route of its own.
func closeShown(o *events.Object, revision, position int64, at *projections.Moment) []byte {
	o.Int("revision", revision)
	o.Int("position", position)
	if at != nil {
		o.Key("as_of")
		asOf := events.OpenObject(o.Buf)
		asOf.Int("position", int64(at.Position))
		asOf.Time("time", at.Time)
		o.Buf = asOf.Close()
	}
	return o.Close()
}
