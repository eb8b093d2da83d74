package api

import (
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/history"
)

// TestAnswerBytes checks the members of answers, their order, and the omitted ones.
func TestAnswerBytes(t *testing.T) {
	at := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	sold := reservation{ID: "r", ProductID: "p", Holder: "ada", Quantity: 2, Status: events.ReservationConfirmed,
		Remaining: 3, Revision: 4, Position: 5}
	held := sold
	held.Status, held.ExpiresAt, held.AsOf = events.ReservationHeld, at, asOf{9, at}
	line := history.Line{Position: 7, Time: at, Stream: "product-p", Revision: 0, Actor: "ada", Text: "ä"}
	linked := line
	linked.Because, linked.Related = 6, []string{"product/p", "holder/ada"}
	for _, test := range []struct{ got, want string }{
		{string(appendReservation(nil, &sold)),
			`{"id":"r","product_id":"p","holder":"ada","quantity":2,"status":"confirmed","remaining":3,"revision":4,` +
				`"position":5}`},
		{string(appendReservation(nil, &held)),
			`{"id":"r","product_id":"p","holder":"ada","quantity":2,"status":"held",` +
				`"expires_at":"2031-05-01T20:00:00Z","remaining":3,"revision":4,"position":5,"as_of":{"position":9,"time":"2031-05-01T20:00:00Z"}}`},
		{string(AppendLine(nil, &line)),
			`{"position":7,"time":"2031-05-01T20:00:00Z","stream":"product-p","revision":0,"actor":"ada",` +
				`"request_id":"","causation_id":"","command_id":"","text":"ä","leads_to":[]}`},
		{string(AppendLine(nil, &linked)),
			`{"position":7,"time":"2031-05-01T20:00:00Z","stream":"product-p","revision":0,"actor":"ada",` +
				`"request_id":"","causation_id":"","command_id":"","because":6,"text":"ä","leads_to":["product/p","holder/ada"]}`},
	} {
		if test.got != test.want {
			t.Errorf("got  %s\nwant %s", test.got, test.want)
		}
	}
}

// BenchmarkAppendReservation is the part of BenchmarkReserveRoute that writes the answer.
func BenchmarkAppendReservation(b *testing.B) {
	v := reservation{ID: "0190cafe-0000-7000-8000-00000000abcd", ProductID: "p", Holder: "holder-123", Quantity: 1,
		Status: events.ReservationConfirmed, Remaining: 12_345_678, Revision: 123_456, Position: 1_234_567}
	b.ReportAllocs()
	for b.Loop() {
		appendReservation(make([]byte, 0, 256), &v)
	}
}
