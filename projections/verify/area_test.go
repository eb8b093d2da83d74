package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

const floor = events.StreamID("area-a~floor")

func counts(remaining, held, booked int64) events.AreaCounts {
	return events.AreaCounts{Remaining: remaining, Held: held, Booked: booked}
}

// floorLog returns a log of a booking of 3 of 10 places, at 5 each, whose payment is debited.
func floorLog() *logtest.Forgery {
	f := logtest.NewForgery()
	f.Add(logtest.PerformanceStream("a"), &events.PerformanceCreated{PerformanceID: "a", HoldSeconds: 100,
		StartsAt: f.Now.Add(time.Hour), Sections: logtest.ModelSections})
	f.Add(floor, &events.AreaHeld{HoldID: "x.1", BookingID: "x", Holder: "cy", Places: 3, AreaCounts: counts(7, 3, 0),
		ExpiresAt: f.Now.Add(130 * time.Second)})
	f.Add("booking-x", placesHeld(f.Now), &events.BookingPaymentStarted{PaymentID: "x.1", Amount: 15, Attempt: 1,
		Was: events.BookingIsHeld})
	f.Add("wallet-cy", &events.WalletCharged{ChargeID: "c", Amount: 20, Balance: 20},
		&events.WalletDebited{PaymentID: "x.1", BookingID: "x", Amount: 15, Balance: 5})
	return f
}

func placesHeld(now time.Time) *events.BookingHeld {
	return &events.BookingHeld{BookingID: "x", PerformanceID: "a", Holder: "cy",
		Areas:  []events.BookedPlaces{{Area: "floor", First: 1, Quantity: 3, Price: 5}},
		Amount: 15, ExpiresAt: now.Add(100 * time.Second), ExtendableUntil: now.Add(200 * time.Second), Attempt: 1,
		SaleTerms: events.SaleTerms{HoldSeconds: 100}, Cancellation: events.DefaultCancellation}
}

// verifyFloor verifies a log whose performance has the area "floor", and returns its open work.
func verifyFloor(f *logtest.Forgery) (open []string, err error) {
	v := verify.New(true)
	for i := range f.Log {
		if err := v.Check(&f.Log[i]); err != nil {
			return nil, err
		}
		if i == 0 {
			v.UseAreas("a", []events.Area{{ID: "floor", Capacity: 10, Prices: []events.CategoryPrice{{Amount: 5}}}})
		}
	}
	return v.Open(), nil
}

func bookFloor(f *logtest.Forgery) {
	f.Add(floor, &events.AreaBooked{HoldID: "x.1", BookingID: "x", Places: 3, AreaCounts: counts(7, 0, 3)})
	f.Add("booking-x", &events.BookingBooked{PaymentID: "x.1", Amount: 15})
}

func returnPlace(f *logtest.Forgery, n, left int64) {
	f.Add("booking-x", &events.BookingSeatReturned{Area: "floor", Place: n, Price: 5, Left: left, PaymentID: "x.1"})
}

func refundPlace(f *logtest.Forgery, n, balance int64) {
	f.Add("wallet-cy", &events.WalletRefunded{PaymentID: "x.1", BookingID: "x", Amount: 5, Balance: balance,
		RefundID: events.Part{Area: "floor", Place: n}.RefundOf("x.1")})
}

func freePlace(f *logtest.Forgery, left int64) {
	f.Add(floor, &events.AreaReleased{HoldID: "x.1", Was: events.AreaIsBooked, Places: 1, Left: left,
		Reason: events.ReleasedReturned, AreaCounts: counts(10-left, 0, left)})
}

var performanceStream = logtest.PerformanceStream("a")

func blockedCounts(remaining, held, booked, blocked int64) events.AreaCounts {
	return events.AreaCounts{Remaining: remaining, Held: held, Booked: booked, Blocked: blocked}
}

// blockForPress blocks kept places under the label press, by a change that names places.
func blockForPress(f *logtest.Forgery, number, places int64, rest events.AreaCounts, kept int64) {
	f.Add(performanceStream, &events.BlocksChanged{BlockChange: events.BlockChange{Number: number, Label: "press",
		Areas: []events.AreaPlaces{{Area: "floor", Places: places}}}})
	rest.Blocked = kept
	f.Add(floor, &events.AreaBlocked{Label: "press", Places: kept, Kept: places, AreaCounts: rest, Change: number})
}

// holdLabelled holds places; labelled of them are blocked under a label.
func holdLabelled(f *logtest.Forgery, label events.BlockLabel, labelled, places int64, c events.AreaCounts) {
	f.Add(floor, &events.AreaHeld{HoldID: "y.1", BookingID: "y", Holder: "di", Places: places, AreaCounts: c,
		ExpiresAt: f.Now.Add(130 * time.Second), Labelled: events.Labelled{Label: label, OfLabel: labelled}})
}

func release(f *logtest.Forgery, places int64, of events.Labelled, c events.AreaCounts) {
	f.Add(floor, &events.AreaReleased{HoldID: "y.1", Was: events.AreaIsHeld, Places: places,
		Reason: events.ReleasedIncomplete, AreaCounts: c, Labelled: of})
}

// edit returns an edit that resizes the floor.
func edit(f *logtest.Forgery, change, places int64) *events.PerformanceEdited {
	e := &events.PerformanceEdited{StartsAt: f.Now.Add(time.Hour), HoldSeconds: 100,
		Areas: []events.AreaPlaces{{Area: "floor", Places: places}}, Change: change}
	for _, section := range logtest.ModelSections {
		e.Prices = append(e.Prices, events.SectionPrice{Section: section.ID, Price: section.Price})
	}
	return e
}

// sizes returns the announcement of a change of the floor's size.
func sizes(to, was int64) *events.BlocksBegun {
	return &events.BlocksBegun{BlockChange: events.BlockChange{Number: 1,
		Sizes: []events.AreaResize{{AreaPlaces: events.AreaPlaces{Area: "floor", Places: to}, Was: was}}}}
}

// TestVerifierChecksAreas breaks each rule of areas, in the log of a paid booking.
func TestVerifierChecksAreas(t *testing.T) {
	hold := func(id events.HoldID, places int64, c events.AreaCounts) func(f *logtest.Forgery) {
		return func(f *logtest.Forgery) {
			booking, _, _ := events.CutHoldID(id)
			f.Add(floor, &events.AreaHeld{HoldID: id, BookingID: booking, Holder: "di", Places: places, AreaCounts: c,
				ExpiresAt: f.Now.Add(130 * time.Second)})
		}
	}
	pressBlock := events.BlockChange{Number: 1, Label: "press", Areas: []events.AreaPlaces{{Area: "floor", Places: 4}}}
	add := func(facts ...events.Fact) func(f *logtest.Forgery) {
		return func(f *logtest.Forgery) { f.Add(floor, facts...) }
	}
	in := func(f *logtest.Forgery, after time.Duration) time.Time { return f.Now.Add(after) }
	for name, test := range map[string]struct {
		want  verify.Rule // "" if no rule is broken
		forge func(*logtest.Forgery)
	}{
		"booked":                        {"", bookFloor},
		"more held than remain":         {verify.RulePlaces, hold("y.1", 8, counts(-1, 11, 0))},
		"wrong counts":                  {verify.RuleFigures, hold("y.1", 2, counts(6, 5, 0))},
		"hold of no places":             {verify.RuleOwner, hold("y.1", 0, counts(7, 3, 0))},
		"held twice":                    {verify.RuleOwner, hold("x.1", 1, counts(6, 4, 0))},
		"booked under a different hold": {verify.RuleOwner, add(&events.AreaBooked{HoldID: "y.1", BookingID: "y", Places: 3})},
		"fewer booked than held":        {verify.RuleBooked, add(&events.AreaBooked{HoldID: "x.1", BookingID: "x", Places: 2, AreaCounts: counts(7, 1, 2)})},
		"fewer released than held":      {verify.RuleFigures, add(&events.AreaReleased{HoldID: "x.1", Was: events.AreaIsHeld, Places: 2, AreaCounts: counts(9, 1, 0)})},
		"expired early":                 {verify.RuleDeadlines, add(&events.AreaExpired{HoldID: "x.1", Places: 3, AreaCounts: counts(10, 0, 0)})},
		"resized":                       {"", add(&events.AreaResized{Places: 9, AreaCounts: counts(6, 3, 0)})},
		"resized below the held places": {verify.RulePlaces, add(&events.AreaResized{Places: 2, AreaCounts: counts(-1, 3, 0)})},
		"resized above the plan":        {verify.RulePlaces, add(&events.AreaResized{Places: 11, AreaCounts: counts(8, 3, 0)})},
		"fact of a different kind":      {verify.RuleKnown, add(&events.SeatBlocked{})},
		"booked place released":         {verify.RuleBooked, func(f *logtest.Forgery) { bookFloor(f); freePlace(f, 2) }},
		"booking booked without its places": {verify.RuleBooked, func(f *logtest.Forgery) {
			f.Add("booking-x", &events.BookingBooked{PaymentID: "x.1", Amount: 15})
		}},
		"booked too late": {verify.RuleDeadlines, func(f *logtest.Forgery) { f.Wait(131 * time.Second); bookFloor(f) }},
		"extended": {"", func(f *logtest.Forgery) {
			f.Add(floor, &events.AreaExtended{HoldID: "x.1", ExpiresAt: in(f, 230*time.Second)})
		}},
		"extended too far": {verify.RuleStay, func(f *logtest.Forgery) {
			f.Add(floor, &events.AreaExtended{HoldID: "x.1", ExpiresAt: in(f, 230*time.Second+1)})
		}},
		"extended for no intent": {verify.RuleStay, func(f *logtest.Forgery) {
			f.Add(floor, &events.AreaExtended{HoldID: "x.1", ExpiresAt: in(f, 200*time.Second), Intent: "i"})
		}},
		"held too long": {verify.RuleStay, func(f *logtest.Forgery) {
			f.Add(floor, &events.AreaHeld{HoldID: "y.1", BookingID: "y", Holder: "di", Places: 1, AreaCounts: counts(6, 4, 0),
				ExpiresAt: in(f, 131*time.Second)})
		}},
		"hold without a booking for too long": {verify.RuleUnconfirmed, func(f *logtest.Forgery) {
			hold("y.1", 1, counts(6, 4, 0))(f)
			for range 13 {
				f.Wait(5 * time.Second)
				f.Add("wallet-di", &events.WalletCharged{ChargeID: "c", Amount: 1, Balance: int64(f.Next["wallet-di"]) + 1})
			}
		}},
		"one place returned": {"", func(f *logtest.Forgery) {
			bookFloor(f)
			returnPlace(f, 2, 2)
			refundPlace(f, 2, 10)
			freePlace(f, 2)
			f.Add("booking-x", &events.BookingSeatRefunded{Area: "floor", Place: 2, Amount: 5})
		}},
		"place returned twice":                  {verify.RuleBooking, func(f *logtest.Forgery) { bookFloor(f); returnPlace(f, 2, 2); returnPlace(f, 2, 1) }},
		"place of a different booking returned": {verify.RuleBooking, func(f *logtest.Forgery) { bookFloor(f); returnPlace(f, 4, 2) }},
		"more places released than returned":    {verify.RuleBooked, func(f *logtest.Forgery) { bookFloor(f); returnPlace(f, 2, 2); freePlace(f, 2); freePlace(f, 1) }},
		"refund of a different place":           {verify.RulePayments, func(f *logtest.Forgery) { bookFloor(f); returnPlace(f, 2, 2); refundPlace(f, 3, 10) }},
		"return completed without the release": {verify.RuleBooked, func(f *logtest.Forgery) {
			bookFloor(f)
			returnPlace(f, 2, 2)
			refundPlace(f, 2, 10)
			f.Add("booking-x", &events.BookingSeatRefunded{Area: "floor", Place: 2, Amount: 5})
		}},
		"blocked, held and released": {"", func(f *logtest.Forgery) {
			blockForPress(f, 1, 4, counts(3, 3, 0), 4)
			holdLabelled(f, "press", 2, 3, blockedCounts(2, 6, 0, 2))
			release(f, 3, events.Labelled{Label: "press", OfLabel: 2}, blockedCounts(3, 3, 0, 4))
			f.Add(performanceStream, &events.BlocksChanged{BlockChange: events.BlockChange{Number: 2, Label: "press", Unblocks: true,
				Areas: []events.AreaPlaces{{Area: "floor", Places: 4}}}})
			f.Add(floor, &events.AreaUnblocked{Label: "press", Places: 4, AreaCounts: counts(7, 3, 0), Change: 2})
		}},
		"blocked without a change": {verify.RuleBlocks, add(&events.AreaBlocked{Label: "press", Places: 4, Kept: 4, Change: 1,
			AreaCounts: blockedCounts(3, 3, 0, 4)})},
		"blocked more than the change names": {verify.RuleBlocks, func(f *logtest.Forgery) {
			f.Add(performanceStream, &events.BlocksChanged{BlockChange: events.BlockChange{Number: 1, Label: "press",
				Areas: []events.AreaPlaces{{Area: "floor", Places: 4}}}})
			f.Add(floor, &events.AreaBlocked{Label: "press", Places: 5, Kept: 5, AreaCounts: blockedCounts(2, 3, 0, 5),
				Change: 1})
		}},
		"more kept than blocked": {verify.RuleKept, func(f *logtest.Forgery) {
			blockForPress(f, 1, 4, counts(4, 3, 0), 3)
		}},
		"more blocked than remain": {verify.RulePlaces, func(f *logtest.Forgery) {
			blockForPress(f, 1, 8, counts(-1, 3, 0), 8)
		}},
		"held under a different label": {verify.RuleKept, func(f *logtest.Forgery) {
			blockForPress(f, 1, 4, counts(3, 3, 0), 4)
			holdLabelled(f, "crew", 2, 3, blockedCounts(2, 6, 0, 2))
		}},
		"held more than the label has": {verify.RuleKept, func(f *logtest.Forgery) {
			blockForPress(f, 1, 4, counts(3, 3, 0), 4)
			holdLabelled(f, "press", 5, 5, blockedCounts(3, 8, 0, -1))
		}},
		"released without its label": {verify.RuleKept, func(f *logtest.Forgery) {
			blockForPress(f, 1, 4, counts(3, 3, 0), 4)
			holdLabelled(f, "press", 2, 3, blockedCounts(2, 6, 0, 2))
			release(f, 3, events.Labelled{}, blockedCounts(5, 3, 0, 2))
		}},
		"unblocked in part": {verify.RuleKept, func(f *logtest.Forgery) {
			blockForPress(f, 1, 4, counts(3, 3, 0), 4)
			f.Add(performanceStream, &events.BlocksChanged{BlockChange: events.BlockChange{Number: 2, Label: "press", Unblocks: true,
				Areas: []events.AreaPlaces{{Area: "floor", Places: 4}}}})
			f.Add(floor, &events.AreaUnblocked{Label: "press", Places: 3, AreaCounts: blockedCounts(6, 3, 0, 1), Change: 2})
		}},
		"undone before it reached the area": {"", func(f *logtest.Forgery) {
			f.Add(performanceStream, &events.BlocksBegun{BlockChange: pressBlock}, &events.BlocksWithdrawn{Number: 1})
			f.Add(floor, &events.AreaUnblocked{Label: "press", AreaCounts: counts(7, 3, 0), Change: 1, Undo: true})
			f.Add(performanceStream, &events.BlocksUndone{Number: 1})
		}},
		"no place unblocked": {verify.RuleKept, func(f *logtest.Forgery) {
			f.Add(performanceStream, &events.BlocksChanged{BlockChange: events.BlockChange{Number: 1, Label: "press", Unblocks: true,
				Areas: pressBlock.Areas}})
			f.Add(floor, &events.AreaUnblocked{Label: "press", AreaCounts: counts(7, 3, 0), Change: 1})
		}},
		"resized by an edit": {"", func(f *logtest.Forgery) {
			f.Add(performanceStream, edit(f, 1, 5))
			f.Add(floor, &events.AreaResized{Places: 5, AreaCounts: counts(2, 3, 0), Change: 1})
		}},
		"resized without an edit to that size": {verify.RuleBlocks, func(f *logtest.Forgery) {
			f.Add(performanceStream, edit(f, 1, 5))
			f.Add(floor, &events.AreaResized{Places: 6, AreaCounts: counts(3, 3, 0), Change: 1})
		}},
		"edit above the plan":        {verify.RulePlaces, func(f *logtest.Forgery) { f.Add(performanceStream, edit(f, 1, 11)) }},
		"edit by a different change": {verify.RuleBlocks, func(f *logtest.Forgery) { f.Add(performanceStream, edit(f, 2, 5)) }},
		"begun, shrunk and edited": {"", func(f *logtest.Forgery) {
			f.Add(performanceStream, sizes(5, 10))
			f.Add(floor, &events.AreaResized{Places: 5, AreaCounts: counts(2, 3, 0), Change: 1})
			f.Add(performanceStream, edit(f, 1, 5), &events.BlocksChanged{BlockChange: sizes(5, 10).BlockChange})
		}},
		"begun, shrunk and undone": {"", func(f *logtest.Forgery) {
			f.Add(performanceStream, sizes(5, 10))
			f.Add(floor, &events.AreaResized{Places: 5, AreaCounts: counts(2, 3, 0), Change: 1})
			f.Add(performanceStream, &events.BlocksWithdrawn{Number: 1})
			f.Add(floor, &events.AreaResized{Places: 10, AreaCounts: counts(7, 3, 0), Change: 1})
			f.Add(performanceStream, &events.BlocksUndone{Number: 1}, edit(f, 2, 6))
		}},
		"shrunk late, and undone again": {"", func(f *logtest.Forgery) {
			f.Add(performanceStream, sizes(5, 10), &events.BlocksWithdrawn{Number: 1})
			f.Add(floor, &events.AreaResized{Places: 5, AreaCounts: counts(2, 3, 0), Change: 1})
			f.Add(floor, &events.AreaResized{Places: 10, AreaCounts: counts(7, 3, 0), Change: 1})
			f.Add(performanceStream, &events.BlocksUndone{Number: 1})
		}},
		"completed without an edit": {verify.RuleBlocks, func(f *logtest.Forgery) {
			f.Add(performanceStream, sizes(5, 10), &events.BlocksChanged{BlockChange: sizes(5, 10).BlockChange})
		}},
		"grown before the edit": {verify.RuleBlocks, func(f *logtest.Forgery) {
			f.Add(performanceStream, edit(f, 1, 5))
			f.Add(floor, &events.AreaResized{Places: 5, AreaCounts: counts(2, 3, 0), Change: 1})
			start := sizes(8, 5)
			start.Number = 2
			f.Add(performanceStream, start)
			f.Add(floor, &events.AreaResized{Places: 8, AreaCounts: counts(5, 3, 0), Change: 2})
		}},
		"withdrawn after the edit": {verify.RuleBlocks, func(f *logtest.Forgery) {
			f.Add(performanceStream, sizes(5, 10), edit(f, 1, 5), &events.BlocksWithdrawn{Number: 1})
		}},
	} {
		f := floorLog()
		test.forge(f)
		_, err := verifyFloor(f)
		violation := (*verify.Violation)(nil)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v, want no violation", name, err)
		case test.want != "" && (!errors.As(err, &violation) || violation.Rule != test.want):
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestVerifierChecksPlacesOfBookings: the places of a booking belong to the performance, have its prices, and are
// numbered from 1.
func TestVerifierChecksPlacesOfBookings(t *testing.T) {
	for name, test := range map[string]struct {
		want verify.Rule
		edit func(*events.BookingHeld)
	}{
		"correct":            {"", func(*events.BookingHeld) {}},
		"unknown area":       {verify.RuleLayout, func(f *events.BookingHeld) { f.Areas[0].Area = "yard" }},
		"a different price":  {verify.RuleLayout, func(f *events.BookingHeld) { f.Areas[0].Price = 4 }},
		"wrong first number": {verify.RuleNumber, func(f *events.BookingHeld) { f.Areas[0].First = 2 }},
		"a different sum":    {verify.RuleFigures, func(f *events.BookingHeld) { f.Amount = 14 }},
		"no places":          {verify.RuleFigures, func(f *events.BookingHeld) { f.Areas, f.Amount = nil, 0 }},
	} {
		f := logtest.NewForgery()
		f.Add(logtest.PerformanceStream("a"), &events.PerformanceCreated{PerformanceID: "a", HoldSeconds: 100,
			StartsAt: f.Now.Add(time.Hour), Sections: logtest.ModelSections})
		held := placesHeld(f.Now)
		test.edit(held)
		f.Add("booking-x", held)
		_, err := verifyFloor(f)
		violation := (*verify.Violation)(nil)
		if test.want == "" && err != nil || test.want != "" && (!errors.As(err, &violation) || violation.Rule != test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestVerifierReportsOpenPlaces: Open reports places that are booked although their booking has ended.
func TestVerifierReportsOpenPlaces(t *testing.T) {
	f := floorLog()
	bookFloor(f)
	if open, err := verifyFloor(f); err != nil || len(open) != 0 {
		t.Errorf("Open() after a booking = %q, %v; want none", open, err)
	}
	for n := int64(1); n <= 3; n++ {
		returnPlace(f, n, 3-n)
	}
	if open, err := verifyFloor(f); err != nil || len(open) == 0 {
		t.Errorf("Open() after the return of all places = %q, %v; want the booked places", open, err)
	}
}
