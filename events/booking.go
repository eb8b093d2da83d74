package events

import "time"

func init() {
	register[BookingHeld]()
	register[BookingExtended]()
	register[BookingExpired]()
	register[BookingPaymentStarted]()
	register[BookingRetaken]()
	register[BookingBooked]()
	register[BookingPaymentFailed]()
	register[BookingReleased]()
	register[BookingRefunded]()
}

// BookingStatus is where a booking stands.
type BookingStatus string

// The places a booking can be in. While it is paying, no deadline ends it.
const (
	BookingIsHeld     BookingStatus = "held"
	BookingIsPaying   BookingStatus = "paying"
	BookingIsBooked   BookingStatus = "booked"
	BookingIsReleased BookingStatus = "released"
	BookingIsExpired  BookingStatus = "expired"
)

// BookedSeat is one seat of a booking.
type BookedSeat struct {
	// Seat is its name in the performance.
	Seat string `json:"seat"`
	// Price in minor units of the currency.
	Price int64 `json:"price"`
}

// BookingHeld makes a booking known whose every seat is held for it.
type BookingHeld struct {
	BookingID     string `json:"booking_id"`
	PerformanceID string `json:"performance_id"`
	Holder        string `json:"holder"`
	// Seats in the order in which they were held.
	Seats []BookedSeat `json:"seats"`
	// Amount is the sum of the prices.
	Amount int64 `json:"amount"`
	// ExpiresAt is the last moment at which a payment is in time.
	ExpiresAt time.Time `json:"expires_at"`
	// ExtendableUntil is how far an extension can move it.
	ExtendableUntil time.Time `json:"extendable_until"`
	// Attempt is the number in the hold's id: 1.
	Attempt int64 `json:"attempt"`
}

// Name is the frozen wire name.
func (*BookingHeld) Name() string { return "booking.held.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingHeld) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("booking_id", f.BookingID)
	o.String("performance_id", f.PerformanceID)
	o.String("holder", f.Holder)
	o.Key("seats")
	o.Buf = append(o.Buf, '[')
	for i := range f.Seats {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		s := OpenObject(o.Buf)
		s.String("seat", f.Seats[i].Seat)
		s.Int("price", f.Seats[i].Price)
		o.Buf = s.Close()
	}
	o.Buf = append(o.Buf, ']')
	o.Int("amount", f.Amount)
	o.Time("expires_at", f.ExpiresAt)
	o.Time("extendable_until", f.ExtendableUntil)
	o.Int("attempt", f.Attempt)
	return o.Close()
}

// Holds says that one hold was opened.
func (f *BookingHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// BookingExtended moves the booking's deadline, once.
type BookingExtended struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*BookingExtended) Name() string { return "booking.extended.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingExtended) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that a hold took the place of another.
func (f *BookingExtended) Holds() (opened, closed int, earliest time.Time) {
	return 1, 1, f.ExpiresAt
}

// BookingExpired ends a booking that was not paid in time. Its seats are given
// back next; a late payment may still take them again.
type BookingExpired struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*BookingExpired) Name() string { return "booking.expired.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingExpired) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that one hold was closed.
func (*BookingExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// BookingPaymentStarted says that a payment is under way. Until it is booked or has
// failed, the booking neither expires nor is it given back.
type BookingPaymentStarted struct {
	// PaymentID is the id of the hold that is being paid.
	PaymentID string `json:"payment_id"`
	Amount    int64  `json:"amount"`
	Attempt   int64  `json:"attempt"`
	// Was is where the booking stood: held, or expired for a late payment, which has
	// to take the seats again.
	Was BookingStatus `json:"was"`
}

// Name is the frozen wire name.
func (*BookingPaymentStarted) Name() string { return "booking.payment_started.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingPaymentStarted) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("payment_id", f.PaymentID)
	o.Int("amount", f.Amount)
	o.Int("attempt", f.Attempt)
	o.String("was", string(f.Was))
	return o.Close()
}

// Holds says that the booking's hold was closed, if it had one.
func (f *BookingPaymentStarted) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == BookingIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// BookingRetaken says that a late payment has taken every seat again.
type BookingRetaken struct {
	Attempt int64 `json:"attempt"`
	// ExpiresAt is the first of the seats' deadlines.
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*BookingRetaken) Name() string { return "booking.retaken.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingRetaken) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Int("attempt", f.Attempt)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// BookingBooked ends a payment: the wallet is debited and every seat is booked.
type BookingBooked struct {
	PaymentID string `json:"payment_id"`
	Amount    int64  `json:"amount"`
}

// Name is the frozen wire name.
func (*BookingBooked) Name() string { return "booking.booked.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingBooked) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("payment_id", f.PaymentID)
	o.Int("amount", f.Amount)
	return o.Close()
}

// FailReason says why a payment came to nothing. It is also the code that whoever
// wanted to pay has heard.
type FailReason string

// The reasons there are.
const (
	// FailedBalance: the wallet has too little.
	FailedBalance FailReason = "insufficient_balance"
	// FailedLate: the booking had expired, and its seats could not be had again.
	FailedLate FailReason = "hold_expired"
	// FailedLimit: it had expired, and the holder has taken other seats since.
	FailedLimit FailReason = "limit_exceeded"
)

// BookingPaymentFailed ends a payment without a booking. Nothing is debited, or the
// debit has been refunded before, and no seat is booked for it any more. A booking
// that still has its seats in time is held again; what an expired one has left is
// given back next.
type BookingPaymentFailed struct {
	PaymentID string     `json:"payment_id"`
	Reason    FailReason `json:"reason"`
	// Status is where the booking stands now: held or expired.
	Status BookingStatus `json:"status"`
	// ExpiresAt is the booking's deadline.
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*BookingPaymentFailed) Name() string { return "booking.payment_failed.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingPaymentFailed) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("payment_id", f.PaymentID)
	o.String("reason", string(f.Reason))
	o.String("status", string(f.Status))
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that the booking's hold is open again, if it is.
func (f *BookingPaymentFailed) Holds() (opened, closed int, earliest time.Time) {
	if f.Status == BookingIsHeld {
		return 1, 0, f.ExpiresAt
	}
	return 0, 0, time.Time{}
}

// BookingReleased says that the holder has given the booking back. Its seats are
// given back next, and a booked one's money.
type BookingReleased struct {
	// Was is where the booking stood: held or booked.
	Was BookingStatus `json:"was"`
	// RefundID is the payment that is refunded next, "" if nothing was paid.
	RefundID string `json:"refund_id"`
}

// Name is the frozen wire name.
func (*BookingReleased) Name() string { return "booking.released.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingReleased) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("was", string(f.Was))
	o.String("refund_id", f.RefundID)
	return o.Close()
}

// Holds says that the booking's hold was closed, if it had one.
func (f *BookingReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == BookingIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// BookingRefunded says that everything of a booked booking which was released has
// been given back: the money, if any was paid, and every seat.
type BookingRefunded struct {
	PaymentID string `json:"payment_id"`
	Amount    int64  `json:"amount"`
}

// Name is the frozen wire name.
func (*BookingRefunded) Name() string { return "booking.refunded.v1" }

// AppendJSON appends the fact as JSON.
func (f *BookingRefunded) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("payment_id", f.PaymentID)
	o.Int("amount", f.Amount)
	return o.Close()
}
