package kinds

import (
	"context"
	"fmt"
	"io"
	"strings"

	"admitone/actors/booking"
	"admitone/api"
	"admitone/events"
	"admitone/projections/row"
)

// bookingKind is a booking of several seats for one holder. A booking involves several entities, so
// packages whatif and replay create its commands and requests.
var bookingKind = register(&Kind{
	Name:  "booking",
	Rules: booking.Kind,
	Show:  showBooking,
})

// showBooking shows a booking with its status at a time, since no event records that its deadline has passed.
func showBooking(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error) {
	b, err := row.BookingAt(ctx, store, events.BookingID(id), at.Position)
	if err != nil || b == nil {
		return nil, err
	}
	currency, err := events.CurrencyIn(ctx, store, events.EndPosition)
	if err != nil {
		return nil, err
	}
	b.Status = b.StatusAt(at.Time)
	return &Shown{
		Text: func(out io.Writer) error { return bookingText(out, b, currency) },
		JSON: func(asOf *row.Moment) []byte { return api.AppendBooking(nil, b, asOf) },
	}, nil
}

func bookingText(out io.Writer, b *row.Booking, c events.Currency) error {
	seats := make([]string, len(b.Seats))
	for i := range b.Seats {
		seats[i] = string(b.Seats[i].Seat)
	}
	for _, places := range events.Wanted(b.Areas) {
		seats = append(seats, fmt.Sprintf("%s×%d", places.Area, places.Quantity))
	}
	returned := ""
	for i := range b.Returned {
		if r := &b.Returned[i]; r.Area != "" {
			returned += fmt.Sprintf(" %s/%d", r.Area, r.Place)
		} else {
			returned += " " + string(r.Seat)
		}
	}
	if returned != "" {
		returned = "\n  returned  " + returned
	}
	_, err := fmt.Fprintf(out, `booking/%s  %s
  holder     %s
  seats      %s of performance/%s%s
  amount     %s
  deadline   %s
  revision   %d, position %d
  created    %s
  changed    %s
`, b.ID, b.Status, b.Holder, strings.Join(seats, " "), b.PerformanceID, returned, c.Text(b.Amount),
		events.FormatTime(b.Deadline()), b.Revision, b.Position, events.FormatTime(b.Created), events.FormatTime(b.Updated))
	return err
}
