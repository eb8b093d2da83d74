package booking

import (
	"admitone/actors/core"
	"admitone/events"
)

var externalRules = []scenario{
	{"an external payment in time excludes other payments", []commandCase{
		{0, hold(), held},
		{1 * s, externalPayment("x"), "payment b.1 of 150, was held by payment-bank~x"},
		{1 * s, externalPayment("x"), "nothing"},
		{1 * s, externalPayment("y"), "payment_in_progress"},
		{1 * s, pay("ann"), "payment_in_progress"},
		{1 * s, release("ann"), "not_held"},
		{2 * s, complete("b.1"), "booked b.1 for 150 by payment-bank~x"},
		{3 * s, externalPayment("x"), "already_confirmed"},
		{3 * s, externalPayment("y"), "already_confirmed"},
		{3 * s, &Delay{PaymentID: "b.1"}, "not_held"},
		{4 * s, release("ann"), "released, was booked b.1"},
		{5 * s, &FinishRefund{}, "refunded b.1 150"},
		{5 * s, externalPayment("z"), "released"},
	}},
	{"a failed late payment can't start again, but another payment can", []commandCase{
		{0, hold(), held},
		{61 * s, &core.Expire{}, "expired at 1m0s"},
		{62 * s, externalPayment("x"), "payment b.2 of 150, was expired by payment-bank~x"},
		{63 * s, fail("b.2", events.FailedLate), "failed b.2, hold_expired: expired until 1m0s by payment-bank~x"},
		{64 * s, externalPayment("x"), "not_held"},
		{65 * s, externalPayment("y"), "payment b.3~2 of 150, was expired by payment-bank~y"},
		{65 * s, retaken("b.3~2"), "retaken 3"},
		{65 * s, complete("b.3~2"), "booked b.3~2 for 150 by payment-bank~y"},
	}},
	{"an external payment whose seats expired continues as a late payment", []commandCase{
		{0, hold(), held},
		{1 * s, externalPayment("x"), "payment b.1 of 150, was held by payment-bank~x"},
		{90 * s, &Delay{PaymentID: "b.2"}, "not_held"},
		{90 * s, &Delay{PaymentID: "b.1"}, "delayed b.1: 2"},
		{90 * s, &Delay{PaymentID: "b.1"}, "nothing"},
		{90 * s, complete("b.1"), "not_held"},
		{91 * s, retaken("b.1"), "retaken 2"},
		{91 * s, complete("b.1"), "booked b.1 for 150 by payment-bank~x"},
	}},
	{"a wallet payment can't be delayed", []commandCase{
		{0, hold(), held},
		{1 * s, pay("ann"), "payment b.1 of 150, was held"},
		{90 * s, &Delay{PaymentID: "b.1"}, "not_held"},
		{90 * s, externalPayment("x"), "payment_in_progress"},
	}},
	{"an open intent prevents wallet payments, extension and release", []commandCase{
		{0, intent("i", 200), "not_found"},
		{0, hold(), held},
		{1 * s, intent("i", 200), "intent i until 3m21s"},
		{2 * s, intent("j", 200), "nothing"},
		{2 * s, intent("j", 300), "payment_in_progress"},
		{2 * s, pay("ann"), "payment_in_progress"},
		{2 * s, extend("ann", 90*s), "payment_in_progress"},
		{2 * s, release("ann"), "payment_in_progress"},
		{2 * s, &OpenIntent{Intent: "j"}, "not_held"},
		{2 * s, &OpenIntent{Intent: "i"}, "booking.intent_opened.v1"},
		{2 * s, &OpenIntent{Intent: "i"}, "nothing"},
		{70 * s, &core.Expire{}, "nothing"},
		{70 * s, &EndIntent{Intent: "j", Reason: events.IntentEnded}, "nothing"},
		{201 * s, externalPayment("x"), "payment b.1 of 150, was awaiting_payment by payment-bank~x"},
		{202 * s, intent("k", 10), "payment_in_progress"},
		{202 * s, &EndIntent{Intent: "i", Reason: events.IntentEnded}, "nothing"},
		{203 * s, complete("b.1"), "booked b.1 for 150 by payment-bank~x"},
		{204 * s, intent("k", 10), "already_confirmed"},
		{205 * s, release("ann"), "released, was booked b.1"},
		{206 * s, intent("k", 10), "released"},
	}},
	{"a booking whose intent ended is held until its own deadline", []commandCase{
		{0, hold(), held},
		{1 * s, intent("i", 10), "intent i until 11s"},
		{11 * s, &core.Expire{}, "nothing"},
		{11*s + ns, &core.Expire{}, "intent i lapsed: held until 1m0s"},
		{12 * s, intent("j", 100), "intent j until 1m52s"},
		{60 * s, &EndIntent{Intent: "j", Reason: events.IntentEnded}, "intent j ended: held until 1m0s"},
		{60 * s, &EndIntent{Intent: "j", Reason: events.IntentEnded}, "nothing"},
		{60 * s, intent("k", 100), "intent k until 2m40s"},
		{60*s + ns, &EndIntent{Intent: "k", Reason: events.IntentEnded}, "intent k ended: expired until 1m0s"},
		{61 * s, intent("l", 100), "hold_expired at 1m0s"},
	}},
	{"a booking whose intent lapses after its own deadline is expired", []commandCase{
		{0, hold(), held},
		{1 * s, intent("i", 100), "intent i until 1m41s"},
		{1 * s, &EndIntent{Intent: "i", Reason: events.IntentTooLong}, "intent i too_long: held until 1m0s"},
		{1 * s, intent("j", 100), "intent j until 1m41s"},
		{101*s + ns, &core.Expire{}, "intent j lapsed: expired until 1m0s"},
		{102 * s, externalPayment("x"), "payment b.2 of 150, was expired by payment-bank~x"},
	}},
	{"a booking whose intent lost its seats is expired", []commandCase{
		{0, hold(), held},
		{1 * s, intent("i", 100), "intent i until 1m41s"},
		{1 * s, &EndIntent{Intent: "i", Reason: events.IntentLost}, "intent i lost: expired until 1m0s"},
	}},
	{"an intent with a checkout page", []commandCase{
		{0, hold(), held},
		{1 * s, checkout("i", "bob"), "forbidden"},
		{1 * s, checkout("i", "ann"), "intent i until 1m41s with a page"},
		{2 * s, checkout("j", "bob"), "forbidden"},
		{2 * s, checkout("j", "ann"), "nothing"},
		{2 * s, checkout("j", ""), "nothing"},
		{2 * s, intent("j", 100), "payment_in_progress"},
		{2 * s, &NotePage{Intent: "j", Session: "cs", URL: "u"}, "not_held"},
		{2 * s, &NotePage{Intent: "i", Session: "cs", URL: "u"}, "the page of i is cs: u"},
		{2 * s, &NotePage{Intent: "i", Session: "cs2", URL: "u2"}, "nothing"},
		{3 * s, &EndIntent{Intent: "i", Reason: events.IntentExpired}, "intent i expired: held until 1m0s"},
		{4 * s, &NotePage{Intent: "i", Session: "cs", URL: "u"}, "not_held"},
		{5 * s, intent("k", 100), "intent k until 1m45s"},
		{5 * s, &NotePage{Intent: "k", Session: "cs", URL: "u"}, "not_held"},
		{5 * s, checkout("l", "ann"), "payment_in_progress"},
	}},
	{"an intent lasts a day at most", []commandCase{
		{0, hold(), held},
		{0, intent("i", 1_000_000), "intent i until 24h0m0s"},
	}},
}

// checkout begins an intent of 100 s with a page.
func checkout(id events.IntentID, by events.Holder) *BeginIntent {
	begin := intent(id, 100)
	begin.By, begin.Checkout = by, events.Checkout{SuccessURL: "s", CancelURL: "c", Title: "t"}
	return begin
}

func intent(id events.IntentID, seconds int64) *BeginIntent {
	return &BeginIntent{Intent: id, Provider: "bank", Seconds: seconds}
}
