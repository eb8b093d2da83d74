package api

import (
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/refunds"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

func (s *Server) refundRoutes() {
	s.handle(fiber.MethodGet, "/v1/refunds", s.listRefunds)
	s.handle(fiber.MethodGet, "/v1/refunds/:id", s.getRefund)
	s.handle(fiber.MethodPost, "/v1/refunds/:id/settlement", s.settleRefund)
}

// refundColumns are the columns of the CSV file: every member that a refund can have.
var refundColumns = []string{"id", "status", "amount", "currency", "provider", "reference", "booking_id", "product_id",
	"reservation_id", "cause", "settlement", "at_provider", "revision", "position"}

// listRefunds answers with the refunds of external payments, in the order in which they became owed.
func (s *Server) listRefunds(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	q, err := r.query([]string{string(row.RefundOwed), string(row.RefundSettled)})
	if err != nil {
		return err
	}
	q.at = nil // refunds have no past states
	return answerList(r, &q, &listing[row.Refund]{
		name: "refunds", columns: refundColumns,
		page: func(from *projections.Reading, after string, limit int) ([]row.Refund, string, error) {
			number, err := numberCursor[events.Position](after)
			if err != nil {
				return nil, "", err
			}
			page, next, err := from.Refunds(q.status == string(row.RefundOwed), number, limit)
			return page, numberedCursor(uint64(next)), err
		},
		resolve: func(f *row.Refund) (bool, error) {
			return q.status == "" || string(f.Status) == q.status, nil
		},
		write:   func(dst []byte, f *row.Refund) ([]byte, error) { return appendRefund(dst, f), nil },
		contact: func(f *row.Refund) string { return bookingContact(string(f.For.BookingID)) },
	})
}

// refund returns the refund in the path. Errors: not_found; projection_behind; the views'.
func (s *Server) refund(r *request) (*row.Refund, error) {
	id, err := param[events.RefundID](r, "id", "refund")
	if err != nil {
		return nil, err
	}
	if err := r.waitForViews(); err != nil {
		return nil, err
	}
	refund, ok, err := s.config.Views.Refund(id)
	if err == nil && !ok {
		err = notFound("refund")
	}
	return &refund, err
}

func (s *Server) getRefund(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	refund, err := s.refund(r)
	if err != nil {
		return err
	}
	if r.setETag(refund.Revision) {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, appendRefund(nil, refund))
}

// settleRefund records that a refund was paid externally, under a reference.
func (s *Server) settleRefund(r *request) error {
	if err := r.caller.requireRole(RoleService, RoleAdmin); err != nil {
		return err
	}
	reason, err := r.override()
	if err != nil {
		return err
	}
	var body struct {
		Reference *string `json:"reference"`
	}
	if err := r.decode(&body, false); err != nil {
		return err
	}
	if body.Reference == nil || !validReference(*body.Reference) {
		return invalidField("reference", "1 to 255 printable characters")
	}
	refund, err := s.refund(r)
	if err != nil {
		return err
	}
	if s.config.Payments != nil && s.config.Payments.RequestsRefunds() {
		reason = "" // no override: the provider may be about to pay the refund
	}
	var answer actors.Answer
	ctx, cancel := r.answerContext()
	defer cancel()
	err = r.keyed(func(id actors.CommandID) error {
		answer, err = refunds.Run(ctx, s.config.Desk, refunds.Settle{Request: r.source(id),
			Payment: refund.Stream(), RefundID: refund.ID, Reference: *body.Reference, Reason: reason})
		return err
	})
	r.noteHead()
	if err != nil {
		return err
	}
	if answer.Replayed {
		r.set(headerReplay, "true")
	}
	if refund.Status == row.RefundOwed { // the views do not include the settlement yet
		refund.Status, refund.Settlement = row.RefundSettled, *body.Reference
		refund.Asked, refund.Failure = false, ""
		refund.Revision, refund.Position = answer.Revision, answer.Position
	}
	r.setETag(refund.Revision)
	return r.json(fiber.StatusOK, appendRefund(nil, refund))
}

// appendRefund appends a refund as the HTTP resource.
func appendRefund(dst []byte, f *row.Refund) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(f.ID))
	o.String("status", string(f.Status))
	o.Int("amount", f.Amount)
	o.String("currency", f.Currency)
	o.String("provider", string(f.Provider))
	o.String("reference", f.Reference)
	appendPaid(&o, &f.For)
	o.String("cause", string(f.Cause))
	if f.Settlement != "" {
		o.String("settlement", f.Settlement)
	}
	if f.Asked {
		o.String("at_provider", "asked")
	} else if f.Failure != "" {
		o.String("at_provider", string(f.Failure))
	}
	o.Int("revision", int64(f.Revision))
	o.Int("position", int64(f.Position))
	return o.Close()
}
