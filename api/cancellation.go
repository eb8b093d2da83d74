package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/input"
	"admitone/events"
)

const fieldCancellation = "cancellation"

// newCancellation decodes a cancellation policy. If it is absent or null, the zero policy is returned.
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
		return rule, invalidField(fieldCancellation, "give both until and refund_percent")
	}
	if rule.Until, err = timeOf(fieldCancellation+".until", *body.Until); err != nil {
		return rule, err
	}
	rule.RefundPercent, err = wholeNumber(fieldCancellation+".refund_percent", body.RefundPercent, 0, 0, 100)
	return rule, err
}

// within prefixes the field of a refusal with the field that contains it. It returns any other error
// unchanged.
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

// appendCancellation appends a cancellation policy, unless it is zero.
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

// override returns the reason for which an admin overrides the cancellation policy, "" if the request does not
// override it.
func (r *request) override() (reason string, err error) {
	if r.ctx == nil { // a direct command of a batch has no query
		return "", nil
	}
	reason = r.ctx.Query("reason")
	switch overridden, err := r.flag("override"); {
	case err != nil:
		return "", err
	case !overridden && reason != "":
		return "", refuse(codes.BadParameter, "reason requires override=true")
	case !overridden:
		return "", nil
	case !printable(reason, maxReason):
		return "", refuse(codes.BadParameter, "override needs a reason: 1 to 200 printable characters")
	}
	return reason, r.caller.requireRole(RoleAdmin)
}

// maxReason bounds the reason of an override or a cancellation, in characters.
const maxReason = 200

// flag returns a boolean query parameter, false if it is absent. An empty or repeated parameter is refused,
// because what it enables can't be undone.
func (r *request) flag(name string) (bool, error) {
	switch given := r.ctx.Context().QueryArgs().PeekMulti(name); {
	case len(given) == 0 || len(given) == 1 && string(given[0]) == "false":
		return false, nil
	case len(given) == 1 && string(given[0]) == "true":
		return true, nil
	}
	return false, refuse(codes.BadParameter, name+" must be true or false, and given once")
}

// returnSeat returns one seat of a paid booking.
func (s *Server) returnSeat(r *request) error {
	return s.returnPart(r, bookings.ReturnSeat{Seat: events.SeatName(r.segment("seat"))})
}

// returnPlace returns one place of an area of a paid booking. The path has its number in the booking.
func (s *Server) returnPlace(r *request) error {
	id, err := param[events.AreaID](r, "area", "place")
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.segment("place"), 10, 64)
	if err != nil || number < 1 || strconv.FormatInt(number, 10) != r.segment("place") {
		return notFound("place")
	}
	return s.returnPart(r, bookings.ReturnSeat{Area: id, Place: number})
}

// returnPart returns the seat or place that part names.
func (s *Server) returnPart(r *request, part bookings.ReturnSeat) (err error) {
	if part.Reason, err = r.override(); err != nil {
		return err
	}
	return s.changeBooking(func(ctx context.Context, from bookings.Origin, id events.BookingID,
		by events.Holder) (bookings.Answer, error) {
		part.Origin, part.BookingID, part.By = from, id, by
		return s.config.Bookings.ReturnSeat(ctx, part)
	})(r)
}

// cancelBooking cancels a booking.
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
