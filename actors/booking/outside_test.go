package booking

import (
	"admitone/actors/core"
	"admitone/events"
)

// outsideRules are those of money from outside.
var outsideRules = []story{
	{"money from outside pays in time, and the wallet does not pay beside it", []attempt{
		{0, hold(), held},
		{1 * s, outside("x"), "payment b.1 of 150, was held by payment-bank~x"},
		{1 * s, outside("x"), "nothing"},
		{1 * s, outside("y"), "payment_in_progress"},
		{1 * s, pay("ann"), "payment_in_progress"},
		{1 * s, release("ann"), "not_held"},
		{2 * s, complete("b.1"), "booked b.1 for 150 by payment-bank~x"},
		{3 * s, outside("x"), "already_confirmed"},
		{3 * s, outside("y"), "already_confirmed"},
		{3 * s, &Delay{PaymentID: "b.1"}, "not_held"},
		{4 * s, release("ann"), "released, was booked b.1"},
		{5 * s, &FinishRefund{}, "refunded b.1 150"},
		{5 * s, outside("z"), "released"},
	}},
	{"money from outside that is late and fails does so for ever, and another may pay", []attempt{
		{0, hold(), held},
		{61 * s, &core.Expire{}, "expired at 1m0s"},
		{62 * s, outside("x"), "payment b.2 of 150, was expired by payment-bank~x"},
		{63 * s, fail("b.2", events.FailedLate), "failed b.2, hold_expired: expired until 1m0s by payment-bank~x"},
		{64 * s, outside("x"), "not_held"},
		{65 * s, outside("y"), "payment b.3~2 of 150, was expired by payment-bank~y"},
		{65 * s, retaken("b.3~2"), "retaken 3"},
		{65 * s, complete("b.3~2"), "booked b.3~2 for 150 by payment-bank~y"},
	}},
	{"money from outside whose seats ran out goes on as late money does", []attempt{
		{0, hold(), held},
		{1 * s, outside("x"), "payment b.1 of 150, was held by payment-bank~x"},
		{90 * s, &Delay{PaymentID: "b.2"}, "not_held"},
		{90 * s, &Delay{PaymentID: "b.1"}, "delayed b.1: 2"},
		{90 * s, &Delay{PaymentID: "b.1"}, "nothing"},
		{90 * s, complete("b.1"), "not_held"},
		{91 * s, retaken("b.1"), "retaken 2"},
		{91 * s, complete("b.1"), "booked b.1 for 150 by payment-bank~x"},
	}},
	{"a payment of the wallet is not delayed", []attempt{
		{0, hold(), held},
		{1 * s, pay("ann"), "payment b.1 of 150, was held"},
		{90 * s, &Delay{PaymentID: "b.1"}, "not_held"},
		{90 * s, outside("x"), "payment_in_progress"},
	}},
}
