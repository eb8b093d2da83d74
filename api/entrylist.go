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
	after, limit, err := r.numbered()
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
	return r.list(
		len(page),
		numberedNext(next),
		func(dst []byte, i int) ([]byte, error) { return s.appendEntry(dst, &page[i], nil) },
		more,
	)
}

// getEntry answers with the entry of a team. Its place changes with every withdrawal ahead of it,
// so its revision is the tournament's.
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
		// Read the tournament first: an ETag older than the entry costs one more request, while a newer
		// one would hide a change.
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
	if r.tag(tournament.Revision) && !secret && order.IsZero() {
		return r.notModified()
	}
	body, err := s.appendEntry(nil, &entry, at)
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, withContact(withOrderData(body, &order), contact))
}

// visibleOrder returns the order data of an entry if the caller may see them, else none. The holder who
// entered the team, its owner, and the roles that read everything may.
func (s *Server) visibleOrder(r *request, entry *row.Entry, order events.OrderData) (events.OrderData, error) {
	if order.IsZero() || r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin) == nil {
		return order, nil
	}
	if r.caller.sub == "" {
		return events.OrderData{}, nil
	}
	mine := s.costly(func(*request) error { return s.ownEntry(entry, r.caller.sub) })
	err := mine(r)
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

// rosterAt returns a tournament with its teams at a moment. Errors: not_found; the store's.
func (s *Server) rosterAt(id events.TournamentID, at *row.Moment) (*row.Roster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	roster, err := row.RosterAt(ctx, s.config.Store, id, at.Position)
	if err == nil && roster == nil {
		err = notFound("tournament")
	}
	return roster, err
}

// appendEntry appends an entry as the HTTP resource, with the name of its team, which never changes.
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
