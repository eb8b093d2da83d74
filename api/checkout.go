package api

import (
	"context"
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/payments"
	"admitone/events"
)

func init() {
	statuses[codes.ProviderUnavailable] = fiber.StatusServiceUnavailable
	retryAfter[codes.ProviderUnavailable] = "5"
}

// maxReturnURL bounds the URLs to which the provider's page sends a holder back, in bytes.
const maxReturnURL = 2000

func (s *Server) checkoutRoutes() {
	if s.config.Payments == nil {
		return
	}
	s.handle(fiber.MethodPost, "/v1/bookings/:id/checkout", s.checkout)
	s.handleSigned("/v1/payments/"+string(s.config.Payments.Provider()), s.recordReport)
}

// checkout answers with the URL of the provider's page on which a booking can be paid: 201, or 200 if the page
// exists already.
func (s *Server) checkout(r *request) error {
	id, err := param[events.BookingID](r, "id", "booking")
	if err != nil {
		return err
	}
	by, err := r.caller.restrictedTo(RoleService)
	if err != nil {
		return err
	}
	var body struct {
		SuccessURL *string `json:"success_url"`
		CancelURL  *string `json:"cancel_url"`
	}
	if err := r.decode(&body, false); err != nil {
		return err
	}
	const rule = "an http or https URL with at most 2000 bytes"
	switch {
	case !validReturnURL(body.SuccessURL):
		return invalidField("success_url", rule)
	case !validReturnURL(body.CancelURL):
		return invalidField("cancel_url", rule)
	}
	var opened payments.Opened
	err = r.keyed(func(command actors.CommandID) error {
		opened, err = s.config.Payments.Checkout(context.Background(), payments.Checkout{Origin: r.origin(command),
			BookingID: id, By: by, SuccessURL: *body.SuccessURL, CancelURL: *body.CancelURL})
		return err
	})
	r.noteHead()
	if err != nil {
		return checkoutProblem(err)
	}
	s.notePosition(opened.Position)
	status := fiber.StatusCreated
	if opened.Existing {
		status = fiber.StatusOK
	}
	if opened.Replayed {
		r.set(headerReplay, "true")
	}
	o := events.OpenObject(nil)
	o.String("url", opened.URL)
	o.Time("expires_at", opened.ExpiresAt)
	o.Int("position", int64(opened.Position))
	return r.json(status, o.Close())
}

// checkoutProblem converts the errors of the payment provider to problems. It returns other errors unchanged.
func checkoutProblem(err error) error {
	refused := (*payments.Refused)(nil)
	switch {
	case errors.Is(err, payments.ErrUnavailable):
		return refuse(codes.ProviderUnavailable,
			"the payment provider does not answer; try again, and you get the same page")
	case errors.As(err, &refused):
		field := refused.Field
		if field == "" {
			field = "booking"
		}
		return invalidField(field, "the payment provider refused to create a page: "+refused.Detail)
	}
	return err
}

// validReturnURL reports whether text is a complete http or https URL without user information.
func validReturnURL(text *string) bool {
	if text == nil || len(*text) > maxReturnURL || !validText(*text, maxReturnURL) {
		return false
	}
	u, err := url.Parse(*text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// maxReport bounds a payment provider's report, in bytes. A Stripe event about a long invoice has about 100 KiB.
const maxReport = 1 << 20

// recordReport records a signed report of the payment provider. It answers 200 once the content is durable,
// and 503 if the provider has to send the report again.
func (s *Server) recordReport(r *request) error {
	body := r.body()
	if len(body) > maxReport {
		return errBodyTooLarge
	}
	ctx, cancel := context.WithDeadline(context.Background(), r.start.Add(providerReportTimeout))
	defer cancel()
	err := s.config.Payments.HandleReport(ctx, r.id, func(name string) string { return r.ctx.Get(name) }, body)
	if !errors.Is(err, payments.ErrForged) {
		r.noteHead()
	}
	switch {
	case errors.Is(err, payments.ErrForged):
		return refuse(core.CodeForbidden, "the report has no valid signature of the payment provider")
	case err != nil:
		r.log().Error("a report of the payment provider could not be recorded; the provider sends it again", "error", err)
		return refuse(codes.LogUnavailable, "the outcome is unknown; send the report again")
	}
	r.ctx.Status(fiber.StatusOK)
	return nil
}

// providerReportTimeout bounds the provider's wait for its answer.
const providerReportTimeout = AnswerLimit
