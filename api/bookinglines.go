package api

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/events"
	"admitone/projections/row"
)

// newSeat is a seat in the body of a new booking: its name, or an object with its name and price type.
type newSeat struct {
	name      events.SeatName
	priceType *string
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *newSeat) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '"':
		token, err := dec.ReadToken()
		s.name = events.SeatName(token.String())
		return err
	case '{':
		var body struct {
			Seat      *events.SeatName `json:"seat"`
			PriceType *string          `json:"price_type"`
		}
		if err := json.UnmarshalDecode(dec, &body); err != nil {
			return err
		}
		if body.Seat == nil {
			return errors.New("a seat needs a name")
		}
		s.name, s.priceType = *body.Seat, body.PriceType
		return nil
	}
	return errors.New("a seat must be a name or an object")
}

// MarshalJSONTo implements json.MarshalerTo. A seat without a price type is encoded as its name.
func (s newSeat) MarshalJSONTo(enc *jsontext.Encoder) error {
	if s.priceType == nil {
		return enc.WriteToken(jsontext.String(string(s.name)))
	}
	return json.MarshalEncode(enc, map[string]string{"seat": string(s.name), "price_type": *s.priceType},
		json.Deterministic(true))
}

// seatsOf returns the names of seats, and by name the price types of those that have one.
func seatsOf(seats []newSeat) (names []events.SeatName, types map[events.SeatName]string) {
	names = make([]events.SeatName, len(seats))
	for i := range seats {
		if names[i] = seats[i].name; seats[i].priceType != nil {
			if types == nil {
				types = map[events.SeatName]string{}
			}
			types[names[i]] = *seats[i].priceType
		}
	}
	return names, types
}

// AppendBooking appends a booking as the HTTP resource, with as_of unless at is nil.
func AppendBooking(dst []byte, b *row.Booking, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(b.ID))
	o.String("performance_id", string(b.PerformanceID))
	o.String("holder", string(b.Holder))
	seats := make([]events.SeatName, len(b.Seats))
	for i := range b.Seats {
		seats[i] = b.Seats[i].Seat
	}
	events.Strings(&o, "seats", seats)
	appendPlaces(&o, b)
	appendLines(&o, b)
	if returned := returnedSeats(b); len(returned) > 0 {
		events.Strings(&o, "returned", returned)
	}
	o.Int("amount", b.Amount)
	o.String("status", string(b.Status))
	o.Time("expires_at", b.Deadline())
	o.Bool("extended", b.Extended)
	appendCancellation(&o, b.Cancellation)
	if b.Kept > 0 {
		o.Int("kept", b.Kept)
	}
	b.Order.Append(&o)
	if b.Status == events.BookingIsAwaiting {
		o.String("intent", string(b.Intent.ID))
	}
	o.Int("revision", int64(b.Revision))
	o.Int("position", int64(b.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

// returnedSeats returns the seats that were returned individually. It omits returned places, which have no
// names.
func returnedSeats(b *row.Booking) (seats []events.SeatName) {
	for i := range b.Returned {
		if b.Returned[i].Area == "" {
			seats = append(seats, b.Returned[i].Seat)
		}
	}
	return seats
}

// appendLines appends the lines that make up a booking's price: its seats, and its places by area and
// price.
func appendLines(o *events.Object, b *row.Booking) {
	o.Key("lines")
	o.Buf = append(o.Buf, '[')
	for i := range b.Seats {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		line := events.OpenObject(o.Buf)
		line.String("seat", string(b.Seats[i].Seat))
		if b.Seats[i].PriceType != "" {
			line.String("price_type", b.Seats[i].PriceType)
		}
		line.Int("quantity", 1)
		line.Int("price", b.Seats[i].Price)
		o.Buf = line.Close()
	}
	for i, line := range placeLines(b.Areas) {
		if i+len(b.Seats) > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = line.append(o.Buf)
	}
	o.Buf = append(o.Buf, ']')
}
