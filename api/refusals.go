package api

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/refusals"
	"admitone/events"
	"admitone/projections/row"
)

// recordIntent returns the record of this request for the case of a refusal, to be filled in by its
// handler; nil if refusals are not recorded.
func (r *request) recordIntent() *events.RefusalRecorded {
	if r.server.config.Refusals == nil {
		return nil
	}
	if r.intent == nil {
		r.intent = &events.RefusalRecorded{BeatenRevision: int64(events.NoStream)}
	}
	return r.intent
}

// noteDecision records the entity that has answered a command, and its newest fact.
func (r *request) noteDecision(stream events.StreamID, answer *actors.Answer) {
	if w := r.recordIntent(); w != nil {
		w.Stream = string(stream)
		if answer.Position > 0 {
			w.BeatenStream = string(stream)
			w.BeatenRevision, w.BeatenPosition = int64(answer.Revision), int64(answer.Position)
		}
	}
}

// streamOfPath returns the stream of the first resource in a path, "" if its kind is unknown.
func streamOfPath(path string) events.StreamID {
	parts := strings.SplitN(path, "/", 5) // "", v1, kind, id, rest
	if len(parts) < 4 {
		return ""
	}
	k, ok := kinds[parts[2]]
	if !ok {
		return ""
	}
	return events.NewStreamID(k.rules.Category, decoded(parts[3]))
}

// refused records a refusal by an entity's rules: a command that conflicts with earlier events, or has no
// valid pass. Invalid and too frequent requests are not recorded.
func (s *Server) refused(r *request, p *problem) {
	status := statuses[p.code]
	withoutPass := p.code == core.CodePassRequired || p.code == core.CodePassInvalid
	if !withoutPass && status != fiber.StatusConflict && status != fiber.StatusGone &&
		status != fiber.StatusPreconditionFailed {
		return
	}
	w := r.recordIntent()
	w.Method, w.Path, w.Code, w.Detail = r.method(), r.path(), string(p.code), p.detail
	if w.Stream == "" {
		w.Stream = string(streamOfPath(w.Path))
	}
	if w.Stream == "" {
		return
	}
	if w.Holder == "" && len(w.TeamIDs) == 0 {
		w.Holder = r.caller.sub
	}
	performance := events.PerformanceID("")
	switch stream := events.StreamID(w.Stream); stream.Category() {
	case events.PerformanceCategory:
		performance = events.PerformanceID(stream.Entity())
	case events.BookingCategory:
		if row, known := s.refusedBooking(r, stream.Entity()); known {
			w.Holder, performance = row.Holder, row.PerformanceID
		}
	}
	if w.BeatenPosition == 0 {
		w.BeatenStream = string(beatenBy(w, p, performance))
	}
	s.config.Refusals.Record(refusals.Refusal{RefusalRecorded: *w, RequestID: r.id, Actor: r.caller.name(),
		At: time.Now(), Bounded: !r.caller.serves()})
}

// refusedBooking returns the booking of a refused command. If the views lack it, it waits until they have
// caught up.
func (s *Server) refusedBooking(r *request, id string) (booking row.Booking, known bool) {
	booking, known, err := s.config.Views.Booking(id)
	if err == nil && !known && s.config.Views.CatchUp(r.ctx.Context()) == nil {
		booking, known, err = s.config.Views.Booking(id)
	}
	return booking, known && err == nil
}

// beatenBy returns the entity whose state caused a refusal, derived from the refusal where the command
// involved several entities.
func beatenBy(w *events.RefusalRecorded, p *problem, performance events.PerformanceID) events.StreamID {
	taken := p.fields.Seats()
	few, _ := p.fields["areas"].([]bookings.AreaLeft)
	switch {
	case len(few) > 0 && performance != "":
		return events.NewStreamID(events.AreaCategory, events.OfPerformance(performance, string(few[0].Area)))
	case len(taken) > 0 && performance != "":
		return events.NewStreamID(events.SeatCategory, events.OfPerformance(performance, string(taken[0])))
	case p.code == core.CodeLimitExceeded && p.fields.HasTaken() && performance != "":
		return events.NewStreamID(events.AllowanceCategory, events.OfPerformance(performance, string(w.Holder)))
	case p.code == core.CodeInsufficientBalance:
		return events.NewStreamID(events.WalletCategory, string(w.Holder))
	}
	return events.StreamID(w.Stream)
}
