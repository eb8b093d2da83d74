package api

import (
	"context"
	"strconv"
	"time"

	"admitone/actors/product"
	"admitone/events"
	"admitone/projections"
)

// pastLimit bounds how long a question about the past may read.
const pastLimit = 30 * time.Second

// moment is a place in the log that somebody asks about.
type moment struct {
	position events.Position
	time     time.Time
}

// at reads the query parameter: a position, or a time. ok is false without one. A
// moment that has not come yet is the present.
func (r *request) at() (m moment, ok bool, err error) {
	given := r.ctx.Query("at")
	if given == "" {
		return m, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	store := r.server.config.Store
	if position, err := strconv.ParseUint(given, 10, 63); err == nil && position > 0 {
		m.position = events.Position(position)
		m.time, err = events.TimeOf(ctx, store, m.position)
		return m, true, err
	}
	if m.time, err = time.Parse(time.RFC3339Nano, given); err != nil {
		return m, false, refuse("bad_parameter", "at is a position, 1 or more, or an RFC 3339 time")
	}
	m.position, err = events.PositionAt(ctx, store, m.time)
	return m, true, err
}

// appendAsOf writes the value of as_of.
func appendAsOf(dst []byte, m moment) []byte {
	o := events.OpenObject(dst)
	o.Int("position", int64(m.position))
	o.Time("time", m.time)
	return o.Close()
}

// upTo calls take with the events of a stream up to a moment.
func (s *Server) upTo(stream events.StreamID, m moment, take func(*events.Recorded) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	for e, err := range events.Stream(ctx, s.config.Store, stream, 0) {
		if err != nil {
			return err
		}
		if e.Position > m.position {
			return nil
		}
		if err := take(&e); err != nil {
			return err
		}
	}
	return nil
}

// productAt folds a product up to a moment; nil if it did not exist yet.
func (s *Server) productAt(id string, m moment) (*projections.Product, error) {
	p := &projections.Product{}
	if err := s.upTo(product.Stream(id), m, p.Apply); err != nil {
		return nil, err
	}
	if p.ID == "" {
		return nil, nil
	}
	return p, nil
}

// reservationAt finds a reservation as it was at a moment; nil if it did not exist
// yet.
func (s *Server) reservationAt(productID, id string, m moment) (*reservation, error) {
	var found *reservation
	err := s.upTo(product.Stream(productID), m, func(e *events.Recorded) error {
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
