package events_test

import (
	"errors"
	"fmt"
	"time"

	"admitone/events"
)

// A fact is encoded as JSON and decoded by its wire name.
func ExampleAppendFact() {
	held := &events.SeatExpired{HoldID: "b-7.1", Holder: "ada", ExpiresAt: time.Date(2031, 5, 1, 20, 5, 0, 0, time.UTC)}
	data := events.AppendFact(nil, held)
	fmt.Println(held.Name())
	fmt.Println(string(data))

	fact, err := events.Decode("seat.expired.v1", data)
	fmt.Println(fact.(*events.SeatExpired).Holder, err)
	// Output:
	// seat.expired.v1
	// {"hold_id":"b-7.1","holder":"ada","expires_at":"2031-05-01T20:05:00Z"}
	// ada <nil>
}

// An older wire name decodes to the current fact.
func ExampleDecode() {
	old := `{"product_id":"tee","name":"T-shirt","stock":9,"price":2500,"limit_per_holder":2,"hold_seconds":300}`
	fact, err := events.Decode("product.created.v1", []byte(old))
	fmt.Println(fact.Name(), err)

	_, err = events.Decode("product.vanished.v1", []byte(`{}`))
	fmt.Println(errors.Is(err, events.ErrUnknownFact))

	_, err = events.Decode("seat.blocked.v1", []byte(`{"colour":"red"}`))
	fmt.Println(errors.Is(err, events.ErrBadFact))
	// Output:
	// product.created.v2 <nil>
	// true
	// true
}

// Each event is chained to the previous event of its stream.
func ExampleSeal() {
	fact := &events.SeatBlocked{}
	e := events.Recorded{Stream: "seat-gala~A-1-1", Revision: 0}
	e.ID, e.Type, e.Data = events.EventID("command-1", 0), fact.Name(), events.AppendFact(nil, fact)
	var hash events.Hash
	e.Metadata, hash = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event,
		&events.Metadata{CommandID: "command-1", Actor: "ada"})

	checked, err := events.CheckLink(events.Hash{}, &e)
	fmt.Println(checked == hash, err)

	e.Data = []byte(`{} `)
	_, err = events.CheckLink(events.Hash{}, &e)
	fmt.Println(errors.Is(err, events.ErrDamaged))
	// Output:
	// true <nil>
	// true
}

// Seats are numbered section by section, row by row.
func ExampleLayout() {
	layout := events.NewLayout([]events.Section{
		{ID: "A", Rows: 2, SeatsPerRow: 10, Price: 4500},
		{ID: "B", Rows: 1, SeatsPerRow: 8, Price: 3000},
	})
	seat, ok := layout.Find("B-1-3")
	fmt.Println(layout.Seats(), seat, ok, layout.Price(seat))
	fmt.Println(layout.Name(10), layout.Section("C"))
	// Output:
	// 28 22 true 3000
	// A-2-1 -1
}

func ExampleFormatTime() {
	fmt.Println(events.FormatTime(time.Date(2031, 5, 1, 22, 0, 0, 1_999_999, time.FixedZone("", 2*60*60))))
	// Output:
	// 2031-05-01T20:00:00.001Z
}

// The id of a hold contains that of its booking.
func ExampleBookingOf() {
	fmt.Println(events.BookingOf(&events.SeatExpired{HoldID: events.NewHoldID("b-7", 2)}))
	fmt.Println(events.BookingOf(&events.WalletDebited{BookingID: "b-7"}))
	// Output:
	// b-7
	// b-7
}
