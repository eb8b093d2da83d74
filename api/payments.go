package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/payment"
	"admitone/events"
	"admitone/projections/row"
)

// externalMethod is the payment method of external payments.
const externalMethod = "external"

// newPayment is the body of a payment. It is empty for a payment from the wallet.
type newPayment struct {
	Method    *string          `json:"method"`
	Provider  *events.Provider `json:"provider"`
	Reference *string          `json:"reference"`
	Amount    *int64           `json:"amount"`
	Currency  *string          `json:"currency"`
	Final     *bool            `json:"final"`
}

// externalPayment is a valid report of an external payment.
type externalPayment struct {
	provider            events.Provider
	reference, currency string
	amount              int64
	final               bool
}

// newPayment decodes and validates the body of a payment; nil means a payment from the wallet. Only
// services and admins may report external payments.
func (r *request) newPayment() (*externalPayment, error) {
	var body newPayment
	if err := r.decode(&body, true); err != nil {
		return nil, err
	}
	if body == (newPayment{}) {
		return nil, nil
	}
	if err := r.caller.requireRole(RoleService, RoleAdmin); err != nil {
		return nil, err
	}
	switch {
	case body.Method == nil || *body.Method != externalMethod:
		return nil, invalidField("method", "external for an external payment; omit all members to pay from the wallet")
	case body.Provider == nil || !validProvider(*body.Provider):
		return nil, invalidField("provider", "1 to 32 of a-z 0-9 _ -")
	case body.Reference == nil || !validReference(*body.Reference):
		return nil, invalidField("reference", "1 to 255 printable characters")
	case body.Amount == nil:
		return nil, invalidField("amount", "the amount received is missing, in minor units")
	}
	m := &externalPayment{provider: *body.Provider, reference: *body.Reference, final: body.Final != nil && *body.Final}
	var err error
	if m.amount, err = wholeNumber("amount", body.Amount, 0, 1, events.MaxPayment); err != nil {
		return nil, err
	}
	if r.server.config.Currency.Assumed {
		return nil, invalidField("currency", "the log has no currency yet: start the server with --currency")
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

// validProvider reports whether p can be the name of a payment provider.
func validProvider(p events.Provider) bool {
	return len(p) >= 1 && len(p) <= 32 && !strings.ContainsFunc(string(p), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-'
	})
}

// validReference reports whether s can be a reference of a payment provider.
func validReference(s string) bool { return validText(s, 255) }

// payBooking pays a booking from the wallet, or records an external payment.
func (s *Server) payBooking(r *request) error {
	id, err := param[events.BookingID](r, "id", "booking")
	if err != nil {
		return err
	}
	by, err := r.caller.restrictedTo(RoleService)
	if err != nil {
		return err
	}
	money, err := r.newPayment()
	if err != nil {
		return err
	}
	var answer bookings.Answer
	keyed := r.keyedIfUnreported
	if money != nil {
		keyed = r.keyedReport
	}
	ctx, cancel := r.answerContext()
	defer cancel()
	err = keyed(events.PaymentSubject{BookingID: id}, func(command actors.CommandID) error {
		from := r.origin(command)
		if money == nil {
			answer, err = s.config.Bookings.Pay(ctx, bookings.Pay{Origin: from, BookingID: id, By: by})
			return err
		}
		answer, err = s.config.Bookings.Report(ctx, bookings.Report{Origin: from, BookingID: id,
			Provider: money.provider, Reference: money.reference, Amount: money.amount, Currency: money.currency,
			Final: money.final, LogCurrency: s.config.Currency.Code})
		return err
	})
	r.noteHead()
	if err != nil {
		return err
	}
	if answer.PaymentOutcome == nil || !answer.PaymentOutcome.Repeated {
		return r.answerBooking(fiber.StatusOK, answer)
	}
	decidedAt, err := s.firstFact(ctx, events.PaymentStream(money.provider, money.reference), func(fact events.Fact) bool {
		_, paid := fact.(*events.PaymentBooked)
		_, owed := fact.(*events.PaymentOwed)
		return paid || owed
	})
	if err != nil {
		return err
	}
	return s.answerBookingAsOf(ctx, r, fiber.StatusOK, answer, decidedAt)
}

// withOutcome appends the outcome of an external payment to an encoded object.
func withOutcome(object []byte, p *payment.State) []byte {
	object = object[:len(object)-1]
	if p.Paid {
		return append(object, `,"outcome":"booked"}`...)
	}
	object = append(object, `,"outcome":"refund_owed","refund_id":"`...)
	return append(append(object, p.RefundOfAll()...), `"}`...)
}

// AppendPayment appends an external payment as JSON, with as_of unless at is nil. No route answers with payments.
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

// appendPaid appends the ids of the booking or reservation that a payment is for.
func appendPaid(o *events.Object, of *events.PaymentSubject) {
	if of.BookingID != "" {
		o.String("booking_id", string(of.BookingID))
	}
	if of.ReservationID != "" {
		o.String("product_id", string(of.ProductID))
		o.String("reservation_id", string(of.ReservationID))
	}
}
