package api

import (
	"io"
	"time"

	"admitone/api/web"
	"admitone/events"
)

// performancesPage answers with the page of the performances, by date. By default it starts at the present day or, on a
// server of the past, at the day of its moment.
func (s *Server) performancesPage(r *request) error {
	p, err := r.listPaging()
	if err != nil {
		return err
	}
	from, before, err := r.dateRange()
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

// performancePage answers with the page of a performance, which shows its sections. Its script loads the seats.
func (s *Server) performancePage(r *request) error {
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil { // the caller may have just created the performance
		return err
	}
	row, err := s.performanceNow(id)
	if err != nil {
		return err
	}
	return r.html(func(body io.Writer) error { return web.WritePerformance(body, r.frame(), &row) })
}
