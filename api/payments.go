package api

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/payment"
	"admitone/events"
	"admitone/projections/row"
)

// outsideMethod is the method of a payment that a shop's own provider has taken.
const outsideMethod = "external"

// newPayment is the body of a payment: empty for the wallet, or money from outside.
type newPayment struct {
	Method    *string          `json:"method"`
	Provider  *events.Provider `json:"provider"`
	Reference *string          `json:"reference"`
	Amount    *int64           `json:"amount"`
	Currency  *string          `json:"currency"`
	Final     *bool            `json:"final"`
}

// moneyReceived is a valid report of money from outside.
type moneyReceived struct {
	provider            events.Provider
	reference, currency string
	amount              int64
	final               bool
}

// newPayment reads the body of a payment; nil is one from the wallet. Money from outside is reported
// by a service or an admin.
func (r *request) newPayment() (*moneyReceived, error) {
	var body newPayment
	if err := r.decode(&body, true); err != nil {
		return nil, err
	}
	if body == (newPayment{}) {
		return nil, nil
	}
	if err := r.caller.must(RoleService, RoleAdmin); err != nil {
		return nil, err
	}
	switch {
	case body.Method == nil || *body.Method != outsideMethod:
		return nil, invalidField("method", "external for money from outside; leave everything out to pay from the wallet")
	case body.Provider == nil || !validProvider(*body.Provider):
		return nil, invalidField("provider", "1 to 32 of a-z 0-9 _ -")
	case body.Reference == nil || !validReference(*body.Reference):
		return nil, invalidField("reference", "1 to 255 printable characters")
	case body.Amount == nil:
		return nil, invalidField("amount", "say how much came in, in minor units")
	}
	m := &moneyReceived{provider: *body.Provider, reference: *body.Reference, final: body.Final != nil && *body.Final}
	var err error
	if m.amount, err = wholeNumber("amount", body.Amount, 0, 1, payment.MaxAmount); err != nil {
		return nil, err
	}
	if r.server.config.Currency.Assumed {
		return nil, invalidField("currency", "the log names no currency yet: start the server with --currency")
	}
	if body.Currency == nil {
		return nil, invalidField("currency", "a code of ISO 4217")
	}
	if _, ok := events.CurrencyOf(*body.Currency); !ok {
		return nil, invalidField("currency", "a code of ISO 4217, such as EUR")
	}
	m.currency = *body.Currency
	return m, nil
}

func validProvider(p events.Provider) bool {
	return len(p) >= 1 && len(p) <= 32 && !strings.ContainsFunc(string(p), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-'
	})
}

// validReference accepts the references of providers.
func validReference(s string) bool { return validText(s, 255) }

// payBooking pays a booking: from the wallet, or with money from outside.
func (s *Server) payBooking(r *request) error {
	id, err := param[events.BookingID](r, "id", "booking")
	if err != nil {
		return err
	}
	by, err := r.caller.only(RoleService)
	if err != nil {
		return err
	}
	money, err := r.newPayment()
	if err != nil {
		return err
	}
	var answer bookings.Answer
	err = r.keyed(func(command actors.CommandID) error {
		from := r.origin(command)
		if money == nil {
			answer, err = s.config.Bookings.Pay(context.Background(), bookings.Pay{Origin: from, BookingID: id, By: by})
			return err
		}
		answer, err = s.config.Bookings.Report(context.Background(), bookings.Report{Origin: from, BookingID: id,
			Provider: money.provider, Reference: money.reference, Amount: money.amount, Currency: money.currency,
			Final: money.final, LogCurrency: s.config.Currency.Code})
		return err
	})
	r.noteAll()
	if err != nil {
		return err
	}
	return r.booked(fiber.StatusOK, answer)
}

// withOutcome adds to an object what became of reported money.
func withOutcome(object []byte, outcome *bookings.Outcome) []byte {
	object = object[:len(object)-1]
	if outcome.Booked() {
		return append(object, `,"outcome":"booked"}`...)
	}
	object = append(object, `,"outcome":"refund_owed","refund_id":"`...)
	return append(append(object, outcome.RefundID()...), `"}`...)
}

// AppendPayment appends a payment from outside, with as_of if at is given. It has no route of its
// own; refunds have.
func AppendPayment(dst []byte, p *row.Payment, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("provider", string(p.Provider))
	o.String("reference", p.Reference)
	appendPaid(&o, &p.For)
	o.String("currency", p.Currency)
	o.Int("received", p.Received)
	o.Int("open", p.Open)
	o.Int("booked", p.Booked)
	o.Int("kept", p.Kept)
	o.Int("refunded", p.Refunded)
	o.Int("owed", p.Owed)
	o.Int("revision", int64(p.Revision))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

func appendPaid(o *events.Object, of *events.PaidThing) {
	if of.BookingID != "" {
		o.String("booking_id", string(of.BookingID))
	}
	if of.ReservationID != "" {
		o.String("product_id", string(of.ProductID))
		o.String("reservation_id", string(of.ReservationID))
	}
}
