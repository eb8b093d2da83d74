package api

import (
	"io"
	"time"

	"admitone/api/web"
	"admitone/events"
)

// performancesPage shows a list of performances by date, by default from today on. On a server of the
// past, today is the day of its moment.
func (s *Server) performancesPage(r *request) error {
	p, err := r.listPaging()
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
		dates.From, dates.Today = from.Format(time.DateOnly), true
	}
	rows, next, err := s.config.Views.Performances(from, before, p.after, p.limit)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		others, _, err := s.config.Views.Performances(time.Time{}, time.Time{}, "", 1)
		if err != nil {
			return err
		}
		dates.Others = len(others) > 0
	}
	return r.html(func(body io.Writer) error { return web.WritePerformances(body, r.listFrame(p, next), dates, rows) })
}

// performancePage shows one performance and its sections; its script loads the seats.
func (s *Server) performancePage(r *request) error {
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil { // the caller may have just created the performance
		return err
	}
	row, err := s.performanceNow(id)
	if err != nil {
		return err
	}
	return r.html(func(body io.Writer) error { return web.WritePerformance(body, r.frame(), &row) })
}
