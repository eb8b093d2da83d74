package api

import (
	"context"

	"admitone/events"
)

// maxSeatChanges is the maximum number of seat changes on a page. It is large because each page reads the
// streams of all seats.
const maxSeatChanges = 10_000

// listSeatChanges answers with a page of the changes of a performance's seat map.
func (s *Server) listSeatChanges(r *request) error {
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	limit, err := r.limitUpTo(maxSeatChanges)
	if err != nil {
		return err
	}
	cursor, err := r.cursor()
	if err != nil {
		return err
	}
	after, err := numberCursor[events.Position](cursor)
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	page, hasMore, err := s.config.Views.SeatChanges(ctx, id, after, limit)
	if err == nil && page == nil {
		err = notFound("performance")
	}
	if err != nil {
		return err
	}
	next := uint64(0)
	if hasMore {
		next = uint64(page.Position)
	}
	return r.list(len(page.Changes), numberedCursor(next), func(dst []byte, i int) ([]byte, error) {
		c := &page.Changes[i]
		o := events.OpenObject(dst)
		o.Int("position", int64(c.Position))
		o.Time("recorded", c.Recorded)
		o.String("seat", string(c.Seat))
		o.String("was", string(c.Was))
		o.String("status", string(c.Status))
		return o.Close(), nil
	}, func(o *events.Object) {
		o.Raw("created", appendAsOf(nil, page.Created))
		o.Int("position", int64(page.Position))
	})
}
