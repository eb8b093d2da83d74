package api

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections/row"
)

// listEntries answers with a page of the entered teams, or of the waitlist.
func (s *Server) listEntries(r *request) error {
	id, err := param[events.TournamentID](r, "id", "tournament")
	if err != nil {
		return err
	}
	after, limit, err := r.numberedPaging()
	if err != nil {
		return err
	}
	status := events.EntryStatus(r.ctx.Query("status", string(events.EntryEntered)))
	if status != events.EntryEntered && status != events.EntryWaitlisted {
		return refuse(codes.BadParameter, "status must be entered or waitlisted")
	}
	q, err := r.format("status", "at")
	if err != nil {
		return err
	}
	if q.csv {
		return s.streamEntries(r, id, status)
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	var page []row.Entry
	var next uint64
	var more func(*events.Object)
	if at != nil {
		roster, err := s.rosterAt(id, at)
		if err != nil {
			return err
		}
		page, next = roster.Entries(status, after, limit)
		cancelEntries(&roster.Tournament, page)
		more = func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) }
	} else {
		now, err := s.tournamentNow(id)
		if err != nil {
			return err
		}
		if page, next, err = s.config.Views.Entries(id, status, after, limit); err != nil {
			return err
		}
		cancelEntries(&now, page)
	}
	return r.list(len(page), numberedCursor(next),
		func(dst []byte, i int) ([]byte, error) { return s.appendEntry(dst, &page[i], nil) }, more)
}

// getEntry answers with the entry of a team. The revision is the tournament's, because the place on the waitlist
// also changes when other teams withdraw.
func (s *Server) getEntry(r *request) error {
	id, teamID, err := r.entryParams()
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	var tournament row.Tournament
	var entry row.Entry
	var order events.OrderData
	ok := false
	if at != nil {
		roster, err := s.rosterAt(id, at)
		if err != nil {
			return err
		}
		tournament = roster.Tournament
		entry, ok = roster.Entry(teamID)
		order = roster.Order(teamID)
	} else {
		// Read the tournament first. If the entry changes in between, the ETag is too old, which costs one
		// more request. In the other order it would be too new, and hide the change.
		if tournament, err = s.tournamentNow(id); err != nil {
			return err
		}
		if entry, ok, err = s.config.Views.Entry(id, teamID); err != nil {
			return err
		}
		if order, err = s.config.Views.EntryOrder(id, teamID); err != nil {
			return err
		}
	}
	if !ok {
		return notFound("entry")
	}
	if order, err = s.visibleOrder(r, &entry, order); err != nil {
		return err
	}
	entry.Revision, entry.Position = tournament.Revision, tournament.Position
	if tournament.Cancelled.Fence != 0 {
		entry.Status = events.EntryCancelled
	}
	contact, secret, err := r.contactOf(entryContact(id, teamID))
	if err != nil {
		return err
	}
	if r.setETag(tournament.Revision) && !secret && order.IsZero() {
		return r.notModified()
	}
	body, err := s.appendEntry(nil, &entry, at)
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, withContact(withOrderData(body, &order), contact))
}

// visibleOrder returns the order data of an entry, or none if the caller may not see them. The owner of the
// team, the holder who entered it, auditors, services and admins may.
func (s *Server) visibleOrder(r *request, entry *row.Entry, order events.OrderData) (events.OrderData, error) {
	if order.IsZero() || r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin) == nil {
		return order, nil
	}
	if r.caller.sub == "" {
		return events.OrderData{}, nil
	}
	check := s.limitReads(func(*request) error { return s.requireOwnEntry(entry, r.caller.sub) })
	err := check(r)
	if refusal := (*problem)(nil); errors.As(err, &refusal) && refusal.code == core.CodeForbidden {
		return events.OrderData{}, nil
	}
	return order, err
}

// tournamentNow returns a tournament from the views. Errors: not_found; the views'.
func (s *Server) tournamentNow(id events.TournamentID) (row.Tournament, error) {
	row, ok, err := s.config.Views.Tournament(id)
	if err == nil && !ok {
		err = notFound("tournament")
	}
	return row, err
}

// rosterAt returns a tournament and its teams at a moment. Errors: not_found; the store's.
func (s *Server) rosterAt(id events.TournamentID, at *row.Moment) (*row.Roster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	roster, err := row.RosterAt(ctx, s.config.Store, id, at.Position)
	if err == nil && roster == nil {
		err = notFound("tournament")
	}
	return roster, err
}

// appendEntry appends an entry as the HTTP resource. The team's name is from the views, also for the past,
// because it never changes.
func (s *Server) appendEntry(dst []byte, e *row.Entry, at *row.Moment) ([]byte, error) {
	team, _, err := s.config.Views.Team(e.TeamID)
	if err != nil {
		return dst, err
	}
	o := events.OpenObject(dst)
	o.String("team_id", string(e.TeamID))
	o.String("name", team.Name)
	o.String("tournament_id", string(e.TournamentID))
	o.String("status", string(e.Status))
	if e.Place > 0 {
		o.Int("place", e.Place)
	}
	if e.Group > 0 {
		o.Int("group", e.Group)
	}
	o.Time("since", e.Since)
	o.Int("revision", int64(e.Revision))
	o.Int("position", int64(e.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close(), nil
}

// cancelEntries sets the status of entries to cancelled if their tournament was cancelled.
func cancelEntries(of *row.Tournament, entries []row.Entry) {
	for i := range entries {
		if of.Cancelled.Fence != 0 {
			entries[i].Status = events.EntryCancelled
		}
	}
}
