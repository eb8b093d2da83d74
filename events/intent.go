package events

import "time"

// IntentID identifies an intent to pay for a booking externally: the text of an [ID], made for the request.
type IntentID string

// MaxIntent is the longest that an intent may last, and the most by which all intents of a booking together may extend
// its seats.
const MaxIntent = 24 * time.Hour

func init() {
	register[BookingIntentBegun]()
	register[BookingIntentOpened]()
	register[BookingIntentEnded]()
	register[BookingCheckoutMade]()
}

// Checkout configures the provider's payment page for an intent, besides the price. It is fixed with the intent, so
// that the request for the page can be repeated exactly.
type Checkout struct {
	// SuccessURL and CancelURL are where the page redirects the holder.
	SuccessURL string `json:"success_url"`
	CancelURL  string `json:"cancel_url"`
	// Title of the purchase, as shown to the holder.
	Title string `json:"title"`
}

// BookingIntentBegun records that a booking will be paid externally, and waits for the payment until a deadline of its
// own. Allowance and seats are extended next.
type BookingIntentBegun struct {
	Intent   IntentID `json:"intent"`
	Provider Provider `json:"provider"`
	// Seconds is the requested duration, and ExpiresAt the resulting deadline.
	Seconds   int64     `json:"seconds"`
	ExpiresAt time.Time `json:"expires_at"`
	// Checkout describes the payment page to create next; zero for none.
	Checkout Checkout `json:"checkout,omitzero"`
}

func (*BookingIntentBegun) Name() string { return "booking.intent_begun.v1" }

// Holds reports that one hold replaced another.
func (f *BookingIntentBegun) Holds() (opened, closed int, earliest time.Time) {
	return 1, 1, f.ExpiresAt
}

// BookingIntentOpened records that allowance and seats are held until the intent's deadline.
type BookingIntentOpened struct {
	Intent IntentID `json:"intent"`
}

func (*BookingIntentOpened) Name() string { return "booking.intent_opened.v1" }

// BookingCheckoutMade records the payment page of an intent.
type BookingCheckoutMade struct {
	Intent IntentID `json:"intent"`
	// Session is the provider's id of the page, and URL where it is.
	Session string `json:"session"`
	URL     string `json:"url"`
}

func (*BookingCheckoutMade) Name() string { return "booking.checkout_made.v1" }

// IntentEnd is why an intent ended without money.
type IntentEnd string

// The reasons.
const (
	// IntentLapsed: its deadline passed.
	IntentLapsed IntentEnd = "lapsed"
	// IntentEnded: it was ended on request.
	IntentEnded IntentEnd = "ended"
	// IntentLost: a seat was lost before the intent was opened.
	IntentLost IntentEnd = "lost"
	// IntentTooLong: the seats can't be held that long for one holder.
	IntentTooLong IntentEnd = "too_long"
	// IntentWrongSum: a payment of a wrong amount was received.
	IntentWrongSum IntentEnd = "wrong_sum"
	// IntentNoPage: the provider did not create its page.
	IntentNoPage IntentEnd = "no_page"
	// IntentExpired: its page has expired.
	IntentExpired IntentEnd = "expired"
	// IntentCancelled: the performance was cancelled.
	IntentCancelled IntentEnd = "cancelled"
)

// BookingIntentEnded ends an intent without a payment. The booking is held again if its own time is
// not over; else it has expired, and its seats are released next.
type BookingIntentEnded struct {
	Intent IntentID  `json:"intent"`
	Reason IntentEnd `json:"reason"`
	// Status is the new status: held or expired.
	Status BookingStatus `json:"status"`
	// ExpiresAt is the booking's own deadline.
	ExpiresAt time.Time `json:"expires_at"`
}

func (*BookingIntentEnded) Name() string { return "booking.intent_ended.v1" }

// Holds reports one closed hold, and one opened if the booking is held again.
func (f *BookingIntentEnded) Holds() (opened, closed int, earliest time.Time) {
	if f.Status == BookingIsHeld {
		return 1, 1, f.ExpiresAt
	}
	return 0, 1, time.Time{}
}
