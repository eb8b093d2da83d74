package api

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/refusals"
	"admitone/events"
	"admitone/projections/row"
)

// recordIntent returns the intent of this request, to be filled in by its handler; nil if
// refusals are not recorded.
func (r *request) recordIntent() *events.RefusalRecorded {
	if r.server.config.Refusals == nil {
		return nil
	}
	if r.intent == nil {
		r.intent = &events.RefusalRecorded{BeatenRevision: int64(events.NoStream)}
	}
	return r.intent
}

// decided notes which entity has answered a command, and its newest fact.
func (r *request) decided(stream events.StreamID, answer *actors.Answer) {
	if w := r.recordIntent(); w != nil {
		w.Stream = string(stream)
		if answer.Position > 0 {
			w.BeatenStream, w.BeatenRevision, w.BeatenPosition = string(
				stream,
			), int64(
				answer.Revision,
			), int64(
				answer.Position,
			)
		}
	}
}

// streamOfPath returns the stream of the resource that a path leads to or through, "" if none is
// known.
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

// refused records a refusal by the rules: a command that was in conflict with earlier events, or
// that came without a pass. Invalid or too frequent requests are not recorded.
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
	s.config.Refusals.Record(
		refusals.Refusal{
			RefusalRecorded: *w,
			RequestID:       r.id,
			Actor:           r.caller.name(),
			At:              time.Now(),
			Bounded:         !r.caller.serves(),
		},
	)
}

// refusedBooking returns the booking of a refused command. It exists, though the views may not have
// seen it yet.
func (s *Server) refusedBooking(r *request, id string) (booking row.Booking, known bool) {
	booking, known, err := s.config.Views.Booking(id)
	if err == nil && !known && s.config.Views.CatchUp(r.ctx.Context()) == nil {
		booking, known, err = s.config.Views.Booking(id)
	}
	return booking, known && err == nil
}

// beatenBy guesses the entity whose newest fact was in the way, where several entities were asked
// one after another.
func beatenBy(w *events.RefusalRecorded, p *problem, performance events.PerformanceID) events.StreamID {
	taken := p.fields.Seats()
	switch {
	case len(taken) > 0 && performance != "":
		return events.NewStreamID(events.SeatCategory, events.OfPerformance(performance, string(taken[0])))
	case p.code == core.CodeLimitExceeded && p.fields.SaysTaken() && performance != "":
		return events.NewStreamID(events.AllowanceCategory, events.OfPerformance(performance, string(w.Holder)))
	case p.code == core.CodeInsufficientBalance:
		return events.NewStreamID(events.WalletCategory, string(w.Holder))
	}
	return events.StreamID(w.Stream)
}
