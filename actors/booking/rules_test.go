package booking

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

// hold creates a booking of two seats, with a deadline of one minute that can be extended to two.
func hold() *Hold {
	return &Hold{
		ID:              "b",
		PerformanceID:   "gala",
		Holder:          "ann",
		Attempt:         1,
		ExpiresAt:       day.Add(60 * s),
		ExtendableUntil: day.Add(120 * s),
		Seats:           []events.BookedSeat{{Seat: "A-1-1", Price: 100}, {Seat: "A-1-2", Price: 50}},
	}
}

func freeHold() *Hold {
	h := hold()
	h.Seats = []events.BookedSeat{{Seat: "A-1-1"}}
	return h
}

func withAttempt(attempt int64, h *Hold) *Hold {
	h.Attempt = attempt
	return h
}

func abandon(attempt int64) *Abandon {
	return &Abandon{ID: "b", PerformanceID: "gala", Holder: "ann", Attempt: attempt}
}

func pay(by events.Holder) *StartPayment { return &StartPayment{By: by} }

func externalPayment(reference string) *StartPayment {
	return &StartPayment{PaymentStream: events.StreamID("payment-bank~" + reference)}
}

// source is the part of a sentence that names the stream of an external payment.
func source(payment events.StreamID) string {
	if payment == "" {
		return ""
	}
	return " by " + string(payment)
}

func retaken(id events.BookingID) *Retake {
	return &Retake{PaymentID: events.HoldID(id), ExpiresAt: day.Add(99 * s)}
}

func complete(id events.BookingID) *Complete {
	return &Complete{PaymentID: events.HoldID(id)}
}

func fail(id events.BookingID, reason events.FailReason) *FailPayment {
	return &FailPayment{PaymentID: events.HoldID(id), Reason: reason}
}

func extend(by events.Holder, to time.Duration) *Extend {
	return &Extend{By: by, ExpiresAt: day.Add(to)}
}

func release(by events.Holder) *Release { return &Release{By: by} }

// describe returns a decision as text: the code of the refusal, or a sentence for each fact.
func describe(facts []events.Fact, err error) string {
	if err != nil {
		refusal := err.(*core.Refusal)
		if at, ok := refusal.Fields["expired_at"].(time.Time); ok {
			return fmt.Sprintf("%s at %v", refusal.Code, at.Sub(day))
		}
		return string(refusal.Code)
	}
	if len(facts) == 0 {
		return "nothing"
	}
	var texts []string
	for _, fact := range facts {
		texts = append(texts, sentence(fact))
	}
	return strings.Join(texts, "; ")
}

func sentence(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.BookingHeld:
		return fmt.Sprintf("held %s for %s: %d seats, %d until %v", f.BookingID, f.Holder, len(f.Seats), f.Amount, f.ExpiresAt.Sub(day))
	case *events.BookingAbandoned:
		return fmt.Sprintf("abandoned %d of %s for %s", f.Attempt, f.BookingID, f.Holder)
	case *events.BookingExtended:
		return fmt.Sprintf("extended until %v", f.ExpiresAt.Sub(day))
	case *events.BookingExpired:
		return fmt.Sprintf("expired at %v", f.ExpiresAt.Sub(day))
	case *events.BookingPaymentStarted:
		return fmt.Sprintf("payment %s of %d, was %s", f.PaymentID, f.Amount, f.Was) + source(f.Payment)
	case *events.BookingPaymentDelayed:
		return fmt.Sprintf("delayed %s: %d", f.PaymentID, f.Attempt)
	case *events.BookingIntentBegun:
		text := fmt.Sprintf("intent %s until %v", f.Intent, f.ExpiresAt.Sub(day))
		if f.Checkout.Title != "" {
			text += " with a page"
		}
		return text
	case *events.BookingCheckoutMade:
		return fmt.Sprintf("the page of %s is %s: %s", f.Intent, f.Session, f.URL)
	case *events.BookingIntentEnded:
		return fmt.Sprintf("intent %s %s: %s until %v", f.Intent, f.Reason, f.Status, f.ExpiresAt.Sub(day))
	case *events.BookingRetaken:
		return fmt.Sprintf("retaken %d", f.Attempt)
	case *events.BookingBooked:
		return fmt.Sprintf("booked %s for %d", f.PaymentID, f.Amount) + source(f.Payment)
	case *events.BookingPaymentFailed:
		return fmt.Sprintf("failed %s, %s: %s until %v", f.PaymentID, f.Reason, f.Status, f.ExpiresAt.Sub(day)) +
			source(f.Payment)
	case *events.BookingReleased:
		return strings.TrimSpace(fmt.Sprintf("released, was %s %s", f.Was, f.RefundID))
	case *events.BookingRefunded:
		return fmt.Sprintf("refunded %s %d", f.PaymentID, f.Amount)
	}
	return returnSentence(fact)
}

const (
	s  = time.Second
	ns = time.Nanosecond
)

// commandCase is a row of a table: the time since day, the command, and the decision as text.
type commandCase struct {
	at   time.Duration
	cmd  core.Command
	want string
}

const held = "held b for ann: 2 seats, 150 until 1m0s"

// scenario is a table in which each case starts from the state after the case before it.
type scenario struct {
	name  string
	cases []commandCase
}

var rules = []scenario{
	{"a booking that does not exist can only be held", []commandCase{
		{0, pay("ann"), "not_found"},
		{0, retaken("b.1"), "not_found"},
		{0, complete("b.1"), "not_found"},
		{0, fail("b.1", events.FailedBalance), "not_found"},
		{0, extend("ann", 90*s), "not_found"},
		{0, release("ann"), "not_found"},
		{0, &FinishRefund{}, "not_found"},
		{0, hold(), held},
		{0, hold(), "already_exists"},
	}},
	{"a closed attempt can't be held, but the next one can", []commandCase{
		{0, abandon(2), "not_held"},
		{0, abandon(1), "abandoned 1 of b for ann"},
		{0, abandon(1), "nothing"},
		{0, abandon(3), "not_held"},
		{0, pay("ann"), "not_found"},
		{0, release("ann"), "not_found"},
		{0, hold(), "not_held"},
		{0, abandon(2), "abandoned 2 of b for ann"},
		{0, withAttempt(2, hold()), "not_held"},
		{0, withAttempt(4, hold()), "not_held"},
		{60*s + ns, withAttempt(3, hold()), "hold_expired at 1m0s"},
		{60 * s, withAttempt(3, hold()), held},
		{60 * s, withAttempt(3, hold()), "already_exists"},
		{60 * s, withAttempt(4, hold()), "already_exists"},
		{60 * s, abandon(2), "nothing"},
		{60 * s, abandon(3), "already_exists"},
		{60 * s, abandon(4), "already_exists"},
		{60 * s, pay("ann"), "payment b.3 of 150, was held"},
		{60 * s, fail("b.3", events.FailedLate), "failed b.3, hold_expired: expired until 1m0s"},
		{60 * s, abandon(3), "already_exists"},
		{61 * s, pay("ann"), "payment b.4~2 of 150, was expired"},
	}},
	{"an attempt that is held can't be closed", []commandCase{
		{0, hold(), held},
		{0, abandon(1), "already_exists"},
	}},
	{"a hold after its own deadline is refused", []commandCase{
		{60*s + ns, hold(), "hold_expired at 1m0s"},
		{60 * s, hold(), held},
	}},
	{"a payment in time completes once", []commandCase{
		{0, hold(), held},
		{1 * s, pay("bob"), "forbidden"},
		{60 * s, pay("ann"), "payment b.1 of 150, was held"},
		{60 * s, pay("ann"), "nothing"},
		{61 * s, &core.Expire{}, "nothing"},
		{62 * s, complete("b.2"), "not_held"},
		{62 * s, retaken("b.1"), "not_held"},
		{62 * s, complete("b.1"), "booked b.1 for 150"},
		{63 * s, complete("b.1"), "nothing"},
		{63 * s, pay("bob"), "forbidden"},
		{63 * s, pay("ann"), "already_confirmed"},
		{63 * s, fail("b.1", events.FailedBalance), "not_held"},
	}},
	{"a payment that fails for the balance leaves the booking held until its deadline", []commandCase{
		{0, hold(), held},
		{10 * s, pay("ann"), "payment b.1 of 150, was held"},
		{60 * s, fail("b.1", events.FailedBalance), "failed b.1, insufficient_balance: held until 1m0s"},
		{60 * s, fail("b.1", events.FailedBalance), "not_held"},
		{60 * s, complete("b.1"), "not_held"},
		{60 * s, pay(""), "payment b.1~2 of 150, was held"},
		{60 * s, complete("b.1"), "not_held"},
		{60*s + ns, fail("b.1~2", events.FailedBalance), "failed b.1~2, insufficient_balance: expired until 1m0s"},
		{61 * s, pay("ann"), "payment b.2~3 of 150, was expired"},
	}},
	{"a payment whose seats are lost leaves the booking expired, even before its deadline", []commandCase{
		{0, hold(), held},
		{10 * s, pay("ann"), "payment b.1 of 150, was held"},
		{11 * s, fail("b.1", events.FailedLate), "failed b.1, hold_expired: expired until 1m0s"},
		{12 * s, pay("ann"), "payment b.2~2 of 150, was expired"},
	}},
	{"a booking expires after its deadline, and then can't be extended or released", []commandCase{
		{0, hold(), held},
		{60 * s, &core.Expire{}, "nothing"},
		{60*s + ns, &core.Expire{}, "expired at 1m0s"},
		{61 * s, &core.Expire{}, "nothing"},
		{61 * s, extend("bob", 90*s), "forbidden"},
		{61 * s, extend("ann", 90*s), "hold_expired at 1m0s"},
		{61 * s, release("bob"), "forbidden"},
		{61 * s, release("ann"), "hold_expired at 1m0s"},
	}},
	{"a late payment is another attempt, and must take the seats again first", []commandCase{
		{0, hold(), held},
		{61 * s, &core.Expire{}, "expired at 1m0s"},
		{62 * s, pay("ann"), "payment b.2 of 150, was expired"},
		{62 * s, complete("b.1"), "not_held"},
		{62 * s, complete("b.2"), "not_held"},
		{62 * s, retaken("b.1"), "not_held"},
		{62 * s, retaken("b.2"), "retaken 2"},
		{62 * s, retaken("b.2"), "nothing"},
		{63 * s, fail("b.2", events.FailedBalance), "failed b.2, insufficient_balance: expired until 1m0s"},
		{64 * s, complete("b.2"), "not_held"},
		{64 * s, pay("ann"), "payment b.3~2 of 150, was expired"},
		{64 * s, complete("b.3~2"), "not_held"},
		{64 * s, retaken("b.3~2"), "retaken 3"},
		{65 * s, complete("b.3~2"), "booked b.3~2 for 150"},
		{66 * s, release("ann"), "released, was booked b.3~2"},
		{67 * s, &FinishRefund{}, "refunded b.3~2 150"},
	}},
	{"a booking can be extended once, to a later deadline, up to its limit", []commandCase{
		{0, hold(), held},
		{1 * s, extend("bob", 90*s), "forbidden"},
		{1 * s, extend("ann", 60*s), "limit_exceeded"},
		{1 * s, extend("ann", 120*s+ns), "limit_exceeded"},
		{60 * s, extend("ann", 120*s), "extended until 2m0s"},
		{60 * s, extend("ann", 120*s), "limit_exceeded"},
		{120 * s, &core.Expire{}, "nothing"},
		{120 * s, pay("ann"), "payment b.1 of 150, was held"},
		{120 * s, extend("ann", 120*s), "already_confirmed"},
		{120 * s, fail("b.1", events.FailedBalance), "failed b.1, insufficient_balance: held until 2m0s"},
		{120 * s, extend("ann", 120*s), "limit_exceeded"},
		{120*s + ns, &core.Expire{}, "expired at 2m0s"},
	}},
	{"a held booking is released once, and can't be paid afterwards", []commandCase{
		{0, hold(), held},
		{1 * s, release("bob"), "forbidden"},
		{1 * s, release("ann"), "released, was held"},
		{2 * s, release("ann"), "nothing"},
		{2 * s, &FinishRefund{}, "nothing"},
		{2 * s, pay("ann"), "released"},
		{2 * s, extend("ann", 90*s), "released"},
		{99 * s, &core.Expire{}, "nothing"},
	}},
	{"a paid booking is released and refunded once", []commandCase{
		{0, hold(), held},
		{1 * s, pay("ann"), "payment b.1 of 150, was held"},
		{1 * s, release("ann"), "not_held"},
		{1 * s, &FinishRefund{}, "nothing"},
		{2 * s, complete("b.1"), "booked b.1 for 150"},
		{2 * s, &FinishRefund{}, "nothing"},
		{2 * s, extend("ann", 90*s), "already_confirmed"},
		{3 * s, release(""), "released, was booked b.1"},
		{3 * s, release("ann"), "nothing"},
		{4 * s, &FinishRefund{}, "refunded b.1 150"},
		{4 * s, &FinishRefund{}, "nothing"},
		{5 * s, pay("ann"), "released"},
	}},
	{"a free booking has nothing to refund", []commandCase{
		{0, freeHold(), "held b for ann: 1 seats, 0 until 1m0s"},
		{1 * s, pay("ann"), "payment b.1 of 0, was held"},
		{1 * s, complete("b.1"), "booked b.1 for 0"},
		{2 * s, release("ann"), "released, was booked"},
		{3 * s, &FinishRefund{}, "refunded b.1 0"},
	}},
}

func TestRules(t *testing.T) {
	for _, scenario := range slices.Concat(rules, externalRules) {
		t.Run(scenario.name, func(t *testing.T) {
			b := New()
			for i, c := range scenario.cases {
				facts, err := b.Decide(c.cmd, day.Add(c.at))
				if got := describe(facts, err); got != c.want {
					t.Fatalf("case %d: %T at %v:\n got %s\nwant %s", i+1, c.cmd, c.at, got, c.want)
				}
				for _, fact := range facts {
					b.Evolve(fact)
				}
			}
		})
	}
}
