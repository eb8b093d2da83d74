package api

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections/row"
)

// pastTimeout bounds the duration of a query about the past.
const pastTimeout = 30 * time.Second

// maxCostly bounds the concurrent queries that read large parts of the log. Every caller may query the past, and that
// must not slow down sales.
const maxCostly = 4

// limitReads returns a handler that runs h unless maxCostly requests to such handlers are running. Then it refuses the
// request as overloaded.
func (s *Server) limitReads(h handler) handler {
	return func(r *request) error {
		select {
		case s.reading <- struct{}{}:
			defer func() { <-s.reading }()
			return h(r)
		default:
			return refuse(core.CodeOverloaded, "too many queries of the past are running; try again in a moment")
		}
	}
}

// limitPastReads is limitReads for queries of the past. Queries of the present are not limited.
func (s *Server) limitPastReads(h handler) handler {
	limited := s.limitReads(h)
	return func(r *request) error {
		if r.ctx.Query("at") == "" {
			return h(r)
		}
		return limited(r)
	}
}

// plusQuery returns a query parameter that is a time. An unescaped + in it, which was decoded to a space, is restored.
func (r *request) plusQuery(name string) string {
	return strings.ReplaceAll(r.ctx.Query(name), " ", "+")
}

// at parses the query parameter at, which is a log position or a time. ok is false if it is absent and the present is
// meant. On a server of the past no moment is later than the server's.
func (r *request) at() (m row.Moment, ok bool, err error) {
	given, latest := r.plusQuery("at"), r.server.config.AsOf
	if given == "" && latest != nil {
		return *latest, true, nil
	}
	if given == "" {
		return m, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	m, err = row.MomentOf(ctx, r.server.config.Store, given)
	if errors.Is(err, row.ErrBadMoment) {
		return m, false, refuse(codes.BadParameter,
			"at is a position in the log, or an RFC 3339 time such as 2031-05-01T20:00:00Z")
	}
	if latest != nil && m.Time.After(latest.Time) {
		m = *latest
	}
	return m, true, err
}

// refusePastCommand is the handler of all commands on a server of the past. It refuses them.
func (s *Server) refusePastCommand(r *request) error {
	at := s.config.AsOf
	r.ctx.Set(fiber.HeaderAllow, "GET, HEAD")
	return &problem{code: codes.MethodNotAllowed,
		detail: "this server shows the log as it was at " + at.Time.UTC().Format(
			time.RFC3339Nano,
		) + " and takes no commands",
		fields: map[string]any{"as_of": json.RawMessage(appendAsOf(nil, *at))}}
}

// moment returns the moment that a request is about, nil for the present. It waits for the views; see waitForViews.
func (r *request) moment() (*row.Moment, error) {
	at, past, err := r.at()
	if err != nil {
		return nil, err
	}
	if err := r.waitForViews(); err != nil {
		return nil, err
	}
	if !past {
		return nil, nil
	}
	return &at, nil
}

// asOf is the value of the member as_of.
type asOf struct {
	Position events.Position `json:"position"`
	Time     time.Time       `json:"time"`
}

var encodeAsOf = events.EncoderOf[asOf]()

func appendAsOf(dst []byte, m row.Moment) []byte {
	as := asOf(m)
	return encodeAsOf(dst, &as)
}

// reservationAt returns the state of a reservation at a moment, nil if it did not exist yet.
func (s *Server) reservationAt(ctx context.Context, productID events.ProductID, id events.ReservationID,
	m row.Moment) (*foundReservation, error) {
	var found *foundReservation
	err := row.ReadUpTo(ctx, s.config.Store, product.Stream(productID), m.Position, func(e *events.Recorded) error {
		fact, err := e.Decode()
		if err != nil {
			return err
		}
		if _, isLate := fact.(*events.ProductPaymentFailed); isLate && found != nil {
			return nil // a late payment does not change an expired reservation
		}
		if r := reservationOf(fact, id); r != nil {
			r.ProductID, r.Revision, r.Position = productID, e.Revision, e.Position
			if _, hasOrder := fact.(*events.ProductReservationAnnotated); !hasOrder && found != nil {
				r.order = found.order
			}
			found = r
		}
		return nil
	})
	return found, err
}
