package api

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/product"
	"admitone/events"
	"admitone/projections"
)

// pastLimit bounds how long a question about the past may read.
const pastLimit = 30 * time.Second

// costlyAtOnce is how many questions may read long stretches of the log at a time.
// Anybody may ask about the past, and sales must go on meanwhile.
const costlyAtOnce = 4

// costly lets few of these run at a time and refuses the others.
func (s *Server) costly(h handler) handler {
	return func(r *request) error {
		select {
		case s.reading <- struct{}{}:
			defer func() { <-s.reading }()
			return h(r)
		default:
			return refuse("overloaded", "too many questions about the past at once; try again in a moment")
		}
	}
}

// past makes a handler costly when it is asked about the past.
func (s *Server) past(h handler) handler {
	costly := s.costly(h)
	return func(r *request) error {
		if r.ctx.Query("at") == "" {
			return h(r)
		}
		return costly(r)
	}
}

// at reads the query parameter: a position, or a time. ok is false without one. A
// moment that has not come yet is the present, and is answered as such.
func (r *request) at() (m projections.Moment, ok bool, err error) {
	given, shown := r.ctx.Query("at"), r.server.config.AsOf
	if given == "" && shown != nil {
		return *shown, true, nil
	}
	if given == "" {
		return m, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	// A + that was not escaped arrives as a space.
	m, err = projections.MomentOf(ctx, r.server.config.Store, strings.ReplaceAll(given, " ", "+"))
	if errors.Is(err, projections.ErrBadMoment) {
		return m, false, refuse("bad_parameter", "at is a position in the log, or an RFC 3339 time such as 2031-05-01T20:00:00Z")
	}
	if shown != nil && m.Time.After(shown.Time) {
		m = *shown
	}
	return m, true, err
}

// pastTakesNothing refuses a command to a server of the past.
func (s *Server) pastTakesNothing(r *request) error {
	at := s.config.AsOf
	r.ctx.Set(fiber.HeaderAllow, "GET, HEAD")
	return &problem{code: "method_not_allowed",
		detail: "this server shows the log as it was at " + at.Time.UTC().Format(time.RFC3339Nano) + " and takes no commands",
		fields: map[string]any{"as_of": json.RawMessage(appendAsOf(nil, *at))}}
}

// moment is which moment a question is about, nil for the present; it returns when
// the views have what the question asks for.
func (r *request) moment() (*projections.Moment, error) {
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

// appendAsOf writes the value of as_of.
func appendAsOf(dst []byte, m projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.Int("position", int64(m.Position))
	o.Time("time", m.Time)
	return o.Close()
}

// reservationAt finds a reservation as it was at a moment; nil if it did not exist
// yet.
func (s *Server) reservationAt(ctx context.Context, productID, id string, m projections.Moment) (*reservation, error) {
	var found *reservation
	err := projections.UpTo(ctx, s.config.Store, product.Stream(productID), m.Position, func(e *events.Recorded) error {
		fact, err := e.Decode()
		if err != nil {
			return err
		}
		if r := reservationOf(fact, id); r != nil {
			r.productID, r.revision, r.position = productID, e.Revision, e.Position
			found = r
		}
		return nil
	})
	return found, err
}
