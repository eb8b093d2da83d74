package kinds

import (
	"fmt"
	"io"
	"net/http"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// seatKind is one seat of a performance.
var seatKind = register(&Kind{
	Name:     "seat",
	Rules:    seat.Kind,
	Show:     showing(row.SeatAt, seatText, appendSeat),
	Command:  seatCommand,
	Requests: seatRequests,
})

func seatText(out io.Writer, s *row.OneSeat) error {
	_, err := fmt.Fprintf(out, "seat/%s  %s\n", events.OfPerformance(s.PerformanceID, string(s.Name)), s.Status)
	if err == nil && s.Holder != "" {
		_, err = fmt.Fprintf(out, "  holder     %s\n  booking    %s, hold %s\n", s.Holder, s.BookingID(), s.HoldID)
	}
	if err == nil && !s.ExpiresAt.IsZero() {
		_, err = fmt.Fprintf(out, "  until      %s\n", events.FormatTime(s.ExpiresAt))
	}
	if err == nil && s.Position > 0 {
		_, err = fmt.Fprintf(out, "  revision   %d, position %d\n  changed    %s\n",
			s.Revision, s.Position, events.FormatTime(s.Updated))
	}
	return err
}

func appendSeat(dst []byte, s *row.OneSeat, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("performance_id", string(s.PerformanceID))
	o.String("seat", string(s.Name))
	o.String("status", string(s.Status))
	if s.Holder != "" {
		o.String("holder", string(s.Holder))
		o.String("booking_id", string(s.BookingID()))
		o.String("hold_id", string(s.HoldID))
	}
	if !s.ExpiresAt.IsZero() {
		o.Time("expires_at", s.ExpiresAt)
	}
	return closeShown(&o, int64(s.Revision), int64(s.Position), at)
}

// seatCommand returns the commands of organisers. Bookings send all others.
func seatCommand(request *demand.Request, _ events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.SeatBlocked:
		return &seat.Block{Label: f.Label}, nil
	case *events.SeatUnblocked:
		return &seat.Unblock{}, nil
	}
	return nil, nil
}

func seatRequests(request *demand.Request) []*Request {
	show, name := events.CutPerformance(request.Stream.Entity())
	r := &Request{Path: "/v1/performances/" + string(show) + "/seats/" + name + "/block",
		Needs: []Need{On(performance.Stream(show), Shared), On(request.Stream, Exclusive)}}
	switch f := request.Fact.(type) {
	case *events.SeatBlocked:
		if r.Method = http.MethodPut; f.Label != "" {
			r.Path = "/v1/performances/" + string(show) + "/blocks"
			r.Body = map[string]any{"seats": []string{name}, "label": f.Label}
		}
	case *events.SeatUnblocked:
		r.Method = http.MethodDelete
	default:
		return nil // a brief hold for a booking that was then refused
	}
	return setup(r)
}
