package demand

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// logOf returns a log. The arguments are streams and facts in turn.
func logOf(facts ...any) iter.Seq2[events.Recorded, error] {
	return func(yield func(events.Recorded, error) bool) {
		for i := 0; i < len(facts); i += 2 {
			stream, fact := events.StreamID(facts[i].(string)), facts[i+1].(events.Fact)
			e := events.Event{Type: fact.Name(), Data: events.AppendFact(nil, fact)}
			e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, 0, &e, &events.Metadata{
				Actor: "ann", CorrelationID: "r", At: time.Unix(int64(i), 0)})
			if !yield(events.Recorded{Event: e, Stream: stream, Position: events.Position(i/2 + 1)}, nil) {
				return
			}
		}
	}
}

// summaries returns the position, fact and refusal code of each request of a log.
func summaries(t *testing.T, log iter.Seq2[events.Recorded, error]) (all []string) {
	t.Helper()
	for request, err := range Of(log, nil) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s %s", request.Position, request.Fact.Name(), request.Refused)))
	}
	return all
}

func TestPayments(t *testing.T) {
	start := &events.BookingPaymentStarted{Was: events.BookingIsHeld}
	log := logOf(
		"booking-a", start, // 1
		"booking-b", start, // 2
		"wallet-x", &events.WalletCharged{}, // 3
		"wallet-x", &events.WalletDebited{}, // 4
		"booking-b", &events.BookingPaymentFailed{Reason: events.FailedBalance}, // 5
		"booking-c", start, // 6
		"booking-a", &events.BookingBooked{}, // 7
		"booking-b", start, // 8
		"booking-b", &events.BookingPaymentFailed{Reason: events.FailedLate}, // 9
		"product-p", &events.ProductHeld{}, // 10
		"product-p", &events.ProductExpired{}, // 11
	)
	want := []string{"1 booking.payment_started.v1", "2 booking.payment_started.v1 insufficient_balance",
		"3 wallet.charged.v1",
		"6 booking.payment_started.v1", "8 booking.payment_started.v1 hold_expired", "10 product.held.v1",
		"11 product.expired.v1"}
	if got := summaries(t, log); !slices.Equal(got, want) {
		t.Errorf("requests are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for request, err := range Of(log, nil) { // the consumer may stop early
		if err != nil || request.Actor != "ann" || request.RequestID != "r" || request.At.Unix() != 0 || request.System {
			t.Errorf("the first request is %+v, %v; want r by ann", request, err)
		}
		break
	}
}

// TestExternalPayments: the report of an external payment is a request; its consequences, and the expiry of an
// intent, are not.
func TestExternalPayments(t *testing.T) {
	got := summaries(t, logOf(
		"booking-a", &events.BookingIntentBegun{Intent: "i"}, // 1
		"booking-a", &events.BookingIntentEnded{Intent: "i", Reason: events.IntentLapsed},
		"booking-a", &events.BookingIntentBegun{Intent: "j"}, // 3
		"booking-a", &events.BookingIntentEnded{Intent: "j", Reason: events.IntentEnded}, // 4
		"payment-x", &events.PaymentReceived{}, // 5
		"booking-a", &events.BookingPaymentStarted{Payment: "payment-x"},
		"booking-a", &events.BookingBooked{Payment: "payment-x"},
		"payment-x", &events.PaymentBooked{},
		"product-p", &events.ProductConfirmed{Payment: "payment-y"},
		"product-p", &events.ProductConfirmed{}, // 10
	))
	if want := []string{"1 booking.intent_begun.v1", "3 booking.intent_begun.v1", "4 booking.intent_ended.v1",
		"5 payment.received.v1", "10 product.confirmed.v1"}; !slices.Equal(got, want) {
		t.Errorf("requests are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPaymentWithoutEnd: a payment that never ends does not delay all later requests.
func TestPaymentWithoutEnd(t *testing.T) {
	facts := []any{"booking-a", &events.BookingPaymentStarted{}}
	for range maxWaiting + 10 {
		facts = append(facts, "wallet-x", &events.WalletCharged{})
	}
	read, yielded := 0, 0
	for range Of(func(yield func(events.Recorded, error) bool) {
		logOf(facts...)(func(e events.Recorded, err error) bool { read++; return yield(e, err) })
	}, nil) {
		if yielded++; yielded == 1 && read > maxWaiting+1 {
			t.Fatalf("the first request is yielded after %d events, want at most %d", read, maxWaiting+1)
		}
	}
	if yielded != maxWaiting+11 {
		t.Errorf("%d requests, want %d", yielded, maxWaiting+11)
	}
}

// TestReleasesOfIncompleteBookings: the release of a seat of a booking that failed to get all its seats is emitted.
func TestReleasesOfIncompleteBookings(t *testing.T) {
	log := logOf(
		"seat-p~A-1-1", &events.SeatReleased{HoldID: "b.1", Reason: events.ReleasedIncomplete},
		"seat-p~A-1-1", &events.SeatReleased{HoldID: "b.2", Reason: events.ReleasedIncomplete}, // of a late payment
		"seat-p~A-1-1", &events.SeatReleased{HoldID: "b.1", Reason: events.ReleasedExpired},
		"booking-c", &events.BookingAbandoned{BookingID: "c", Attempt: 1},
		"booking-c", &events.BookingAbandoned{BookingID: "c", Attempt: 2},
		"seat-p~A-1-1", &events.SeatReleased{HoldID: "c.2", Reason: events.ReleasedIncomplete}, // another try
		"waitingroom-r", &events.WaitingRoomAdmitted{},
	)
	for request, err := range Of(log, nil) {
		if err != nil || !request.System {
			t.Errorf("request %+v, %v; want one by the system", request, err)
		}
	}
	want := []string{"1 seat.released.v1", "6 seat.released.v1", "7 waitingroom.admitted.v1"}
	if got := summaries(t, log); !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}

// TestUnreadableLogs: an error of the log, or an undecodable event, is yielded once.
func TestUnreadableLogs(t *testing.T) {
	broken := errors.New("broken")
	for _, log := range []iter.Seq2[events.Recorded, error]{
		func(yield func(events.Recorded, error) bool) { yield(events.Recorded{}, broken) },
		func(yield func(events.Recorded, error) bool) {
			yield(events.Recorded{Event: events.Event{Type: "seat.held.v1", Data: []byte("x")}}, nil)
		},
		func(yield func(events.Recorded, error) bool) {
			yield(events.Recorded{Event: events.Event{Type: "seat.blocked.v1", Data: []byte("{}")}}, nil)
		},
	} {
		calls := 0
		for _, err := range Of(log, nil) {
			if calls++; !errors.Is(err, broken) && !errors.Is(err, events.ErrDamaged) {
				t.Errorf("yielded error %v, want the log's or ErrDamaged", err)
			}
		}
		if calls != 1 {
			t.Errorf("yielded %d times, want once", calls)
		}
	}
}

// TestEveryFactIsKnown: every fact has an origin.
func TestEveryFactIsKnown(t *testing.T) {
	files, err := filepath.Glob("../../events/testdata/facts/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v; want some", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fact, err := events.Decode(name, text)
		if err != nil {
			t.Fatal(err)
		}
		if origins[fact.Name()] == 0 {
			t.Errorf("%s has no origin: register it in the file of its kind", fact.Name())
		}
	}
}

// TestOrigins: facts of requests are emitted, as are facts of the system on whose times others depend.
func TestOrigins(t *testing.T) {
	for _, test := range []struct {
		fact              events.Fact
		emitted, bySystem bool
	}{
		{&events.ProductReserved{}, true, false},
		{&events.ProductExpired{}, true, true},
		{&events.ProductOpened{}, false, false},
		{&events.WaitingRoomAdmitted{}, true, true},
		{&events.SeatReleased{HoldID: "b.1", Reason: events.ReleasedIncomplete}, true, true},
		{&events.SeatReleased{HoldID: "b.1", Reason: events.ReleasedCancelled}, false, true},
	} {
		emitted, bySystem := new(queue).origin(test.fact)
		if emitted != test.emitted || bySystem != test.bySystem {
			t.Errorf("%#v: emitted %t, by the system %t; want %t, %t", test.fact, emitted, bySystem, test.emitted,
				test.bySystem)
		}
	}
}

// TestRefusalsWhereTheyWereDecided: refusals are emitted in the order of decision, though recorded later.
func TestRefusalsWhereTheyWereDecided(t *testing.T) {
	early := Request{Fact: &events.RefusalRecorded{Code: "sold_out"}, Refused: "sold_out", Position: 1}
	late := Request{Fact: &events.RefusalRecorded{Code: "sold_out"}, Refused: "sold_out", Position: 2}
	var got []string
	for request, err := range Of(logOf("product-p", &events.ProductHeld{}, "product-p", &events.ProductReleased{}),
		[]Request{early, late}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(request.Position, request.Refused))
	}
	if want := []string{"1", "1sold_out", "2", "2sold_out"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
