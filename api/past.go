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

// pastLimit bounds the time of a query about the past.
const pastLimit = 30 * time.Second

// maxCostly bounds the concurrent queries that read large parts of the log. Any caller may query
// the past, and that must not slow sales down.
const maxCostly = 4

// costly limits the concurrency of a handler to maxCostly, together with all others, and refuses
// further requests as overloaded.
func (s *Server) costly(h handler) handler {
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

// past makes a handler costly for queries of the past.
func (s *Server) past(h handler) handler {
	costly := s.costly(h)
	return func(r *request) error {
		if r.ctx.Query("at") == "" {
			return h(r)
		}
		return costly(r)
	}
}

// plusQuery returns a query parameter that is a time, in which an unescaped + was decoded to a space.
func (r *request) plusQuery(name string) string {
	return strings.ReplaceAll(r.ctx.Query(name), " ", "+")
}

// at parses the query parameter at: a log position or a time. ok is false for none. A moment in the
// future means the present.
func (r *request) at() (m row.Moment, ok bool, err error) {
	given, shown := r.plusQuery("at"), r.server.config.AsOf
	if given == "" && shown != nil {
		return *shown, true, nil
	}
	if given == "" {
		return m, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	m, err = row.MomentOf(ctx, r.server.config.Store, given)
	if errors.Is(err, row.ErrBadMoment) {
		return m, false, refuse(codes.BadParameter,
			"at is a position in the log, or an RFC 3339 time such as 2031-05-01T20:00:00Z")
	}
	if shown != nil && m.Time.After(shown.Time) {
		m = *shown
	}
	return m, true, err
}

// refusePastCommand is the handler of commands on a server of the past, which refuses all of them.
func (s *Server) refusePastCommand(r *request) error {
	at := s.config.AsOf
	r.ctx.Set(fiber.HeaderAllow, "GET, HEAD")
	return &problem{code: codes.MethodNotAllowed,
		detail: "this server shows the log as it was at " + at.Time.UTC().Format(
			time.RFC3339Nano,
		) + " and takes no commands",
		fields: map[string]any{"as_of": json.RawMessage(appendAsOf(nil, *at))}}
}

// moment returns the requested moment, nil for the present. It first waits until the views include
// the position that the request requires.
func (r *request) moment() (*row.Moment, error) {
	at, past, err := r.at()
	if err != nil {
		return nil, err
	}
	if err := r.caughtUp(); err != nil {
		return nil, err
	}
	if !past {
		return nil, nil
	}
	return &at, nil
}

// asOf is the value of as_of.
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
func (s *Server) reservationAt(
	ctx context.Context,
	productID events.ProductID,
	id events.ReservationID,
	m row.Moment,
) (*foundReservation, error) {
	var found *foundReservation
	err := row.UpTo(ctx, s.config.Store, product.Stream(productID), m.Position, func(e *events.Recorded) error {
		fact, err := e.Decode()
		if err != nil {
			return err
		}
		if _, late := fact.(*events.ProductPaymentFailed); late && found != nil {
			return nil // an expired reservation does not change
		}
		if r := reservationOf(fact, id); r != nil {
			r.ProductID, r.Revision, r.Position = productID, e.Revision, e.Position
			if _, states := fact.(*events.ProductReservationAnnotated); !states && found != nil {
				r.order = found.order
			}
			found = r
		}
		return nil
	})
	return found, err
}
