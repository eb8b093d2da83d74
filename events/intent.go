package events

import "time"

// IntentID identifies an intent to pay for a booking externally: the text of an [ID], made for the request.
type IntentID string

// MaxIntent is the maximum duration of an intent. All intents of a booking together extend its seats by no more.
const MaxIntent = 24 * time.Hour

func init() {
	register[BookingIntentBegun]()
	register[BookingIntentOpened]()
	register[BookingIntentEnded]()
	register[BookingCheckoutMade]()
}

// Checkout configures the provider's payment page for an intent. It is stored with the intent, so that the request
// for the page can be repeated exactly.
type Checkout struct {
	// SuccessURL and CancelURL are the addresses to which the page redirects the holder.
	SuccessURL string `json:"success_url"`
	CancelURL  string `json:"cancel_url"`
	// Title is the name of the purchase, as shown to the holder.
	Title string `json:"title"`
}

// BookingIntentBegun records that a booking is to be paid externally by the intent's deadline. Its allowance and seats
// are extended next.
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

// BookingIntentOpened records that the allowance and the seats are held until the intent's deadline.
type BookingIntentOpened struct {
	Intent IntentID `json:"intent"`
}

func (*BookingIntentOpened) Name() string { return "booking.intent_opened.v1" }

// BookingCheckoutMade records the payment page of an intent.
type BookingCheckoutMade struct {
	Intent IntentID `json:"intent"`
	// Session is the provider's id of the page, and URL its address.
	Session string `json:"session"`
	URL     string `json:"url"`
}

func (*BookingCheckoutMade) Name() string { return "booking.checkout_made.v1" }

// IntentEnd is why an intent ended without a payment.
type IntentEnd string

// The reasons.
const (
	// IntentLapsed: the intent's deadline passed.
	IntentLapsed IntentEnd = "lapsed"
	// IntentEnded: the intent was ended on request.
	IntentEnded IntentEnd = "ended"
	// IntentLost: a seat was lost before the intent was opened.
	IntentLost IntentEnd = "lost"
	// IntentTooLong: the seats can't be held for that long.
	IntentTooLong IntentEnd = "too_long"
	// IntentWrongSum: a payment of a wrong amount was received.
	IntentWrongSum IntentEnd = "wrong_sum"
	// IntentNoPage: the provider did not create the payment page.
	IntentNoPage IntentEnd = "no_page"
	// IntentExpired: the payment page has expired.
	IntentExpired IntentEnd = "expired"
	// IntentCancelled: the performance was cancelled.
	IntentCancelled IntentEnd = "cancelled"
)

// BookingIntentEnded ends an intent without a payment. The booking is held again if its own deadline has
// not passed; otherwise it has expired, and its seats are released next.
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
