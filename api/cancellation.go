package api

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/input"
	"admitone/events"
)

const fieldCancellation = "cancellation"

// newCancellation reads a rule for giving back; the zero one if it is left out or null.
func newCancellation(given jsontext.Value) (rule events.Cancellation, err error) {
	if given == nil || given.Kind() == 'n' {
		return rule, nil
	}
	var body struct {
		Until         *string `json:"until"`
		RefundPercent *int64  `json:"refund_percent"`
	}
	part := input.Part{Name: fieldCancellation, Shape: "until and refund_percent, or null for the default"}
	if err := input.Decode(given, &body, part); err != nil {
		return rule, within(fieldCancellation, err)
	}
	if body.Until == nil || body.RefundPercent == nil {
		return rule, invalidField(fieldCancellation, "it needs both until and refund_percent")
	}
	if rule.Until, err = timeOf(fieldCancellation+".until", *body.Until); err != nil {
		return rule, err
	}
	rule.RefundPercent, err = wholeNumber(fieldCancellation+".refund_percent", body.RefundPercent, 0, 0, 100)
	return rule, err
}

// within names the field of a refusal of what is inside another field.
func within(field string, err error) error {
	refusal := (*core.Refusal)(nil)
	if !errors.As(err, &refusal) {
		return err
	}
	inside := *refusal
	if inner := refusal.Fields.Field(); inner != "" {
		field += "." + inner
	}
	inside.Fields = core.Fields{"field": field}
	return &inside
}

// appendCancellation adds a rule for giving back, if there is one.
func appendCancellation(o *events.Object, rule events.Cancellation) {
	if rule.IsZero() {
		return
	}
	inner := events.OpenObject(nil)
	if !rule.Until.IsZero() {
		inner.Time("until", rule.Until)
	}
	inner.Int("refund_percent", rule.RefundPercent)
	o.Raw(fieldCancellation, inner.Close())
}

// override reads why an admin gives back what can't be given back any more, "" if that is not asked
// for.
func (r *request) override() (reason string, err error) {
	reason = r.ctx.Query("reason")
	switch asked := r.ctx.Query("override"); {
	case asked == "" || asked == "false":
		if reason != "" {
			return "", refuse(codes.BadParameter, "reason goes with override=true")
		}
		return "", nil
	case asked != "true":
		return "", refuse(codes.BadParameter, "override is true or false")
	case !printable(reason, maxReason):
		return "", refuse(codes.BadParameter, "override needs a reason: 1 to 200 printable characters")
	}
	return reason, r.caller.must(RoleAdmin)
}

const maxReason = 200

// cancelBooking gives a booking back.
func (s *Server) cancelBooking(r *request) error {
	reason, err := r.override()
	if err != nil {
		return err
	}
	return s.changeBooking(func(ctx context.Context, from bookings.Origin, id events.BookingID,
		by events.Holder) (bookings.Answer, error) {
		return s.config.Bookings.Cancel(ctx, bookings.Cancel{Origin: from, BookingID: id, By: by, Reason: reason})
	})(r)
}
