package api

import (
	"context"
	"strconv"
	"strings"
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
// moment that has not come yet is the present, and is answered as such.
func (r *request) at() (m moment, ok bool, err error) {
	given := r.ctx.Query("at")
	if given == "" {
		return m, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	store := r.server.config.Store
	if position, err := strconv.ParseUint(given, 10, 63); err == nil && position > 0 {
		last, err := store.ReadAll(ctx, min(events.Position(position), events.EndPosition-1)+1, events.Backward, 1)
		if err != nil || len(last) == 0 {
			return m, true, err
		}
		return moment{last[0].Position, last[0].Created}, true, nil
	}
	// A + that was not escaped arrives as a space.
	t, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(given, " ", "+"))
	if err != nil || t.UTC().Year() < 1 {
		return m, false, refuse("bad_parameter", "at is a position, 1 or more, or an RFC 3339 time")
	}
	if now := time.Now(); t.After(now) {
		t = now
	}
	m.time = t
	m.position, err = events.PositionAt(ctx, store, t)
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
func (s *Server) upTo(ctx context.Context, stream events.StreamID, m moment, take func(*events.Recorded) error) error {
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
func (s *Server) productAt(ctx context.Context, id string, m moment) (*projections.Product, error) {
	p := &projections.Product{}
	if err := s.upTo(ctx, product.Stream(id), m, p.Apply); err != nil {
		return nil, err
	}
	if p.ID == "" {
		return nil, nil
	}
	return p, nil
}

// reservationAt finds a reservation as it was at a moment; nil if it did not exist
// yet.
func (s *Server) reservationAt(ctx context.Context, productID, id string, m moment) (*reservation, error) {
	var found *reservation
	err := s.upTo(ctx, product.Stream(productID), m, func(e *events.Recorded) error {
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
