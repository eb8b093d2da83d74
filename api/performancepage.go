package api

import (
	"io"
	"time"

	"admitone/api/web"
)

// performancesPage shows a list of performances by date, from today on unless it is
// asked for others. A server of the past has a day of its own.
func (s *Server) performancesPage(r *request) error {
	p, err := r.pageOfList()
	if err != nil {
		return err
	}
	from, before, err := r.span()
	if err != nil {
		return err
	}
	dates := web.Dates{From: r.ctx.Query("from"), To: r.ctx.Query("to")}
	if !r.ctx.Context().QueryArgs().Has("from") {
		today := time.Now()
		if at := s.config.AsOf; at != nil {
			today = at.Time
		}
		from = today.UTC().Truncate(24 * time.Hour)
		dates.From = from.Format(time.DateOnly)
	}
	rows, next, err := s.config.Views.Performances(from, before, p.after, p.limit)
	if err != nil {
		return err
	}
	return r.html(func(body io.Writer) error { return web.WritePerformances(body, r.listFrame(p, next), dates, rows) })
}

// performancePage shows one performance and its sections; the script asks for the
// seats.
func (s *Server) performancePage(r *request) error {
	id, err := r.param("id", "performance")
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil { // who comes from making it must find it
		return err
	}
	row, err := s.performanceNow(id)
	if err != nil {
		return err
	}
	return r.html(func(body io.Writer) error { return web.WritePerformance(body, r.frame(), &row) })
}
