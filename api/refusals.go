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

// refusalRecord returns the record that is written if this request is refused. Its handler fills in what it knows.
// It is nil if refusals are not recorded.
func (r *request) refusalRecord() *events.RefusalRecorded {
	if r.server.config.Refusals == nil {
		return nil
	}
	if r.refusal == nil {
		r.refusal = &events.RefusalRecorded{BeatenRevision: int64(events.NoStream)}
	}
	return r.refusal
}

// noteDecision sets the entity that has decided a command, and its newest fact, in the record of a refusal.
func (r *request) noteDecision(stream events.StreamID, answer *actors.Answer) {
	if rec := r.refusalRecord(); rec != nil {
		rec.Stream = string(stream)
		if answer.Position > 0 {
			rec.BeatenStream = string(stream)
			rec.BeatenRevision, rec.BeatenPosition = int64(answer.Revision), int64(answer.Position)
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

// recordRefusal records a refusal if the command conflicts with earlier events, or has no valid pass. Invalid
// requests and too frequent ones are not recorded.
func (s *Server) recordRefusal(r *request, p *problem) {
	status := statuses[p.code]
	withoutPass := p.code == core.CodePassRequired || p.code == core.CodePassInvalid
	if !withoutPass && status != fiber.StatusConflict && status != fiber.StatusGone &&
		status != fiber.StatusPreconditionFailed {
		return
	}
	rec := r.refusalRecord()
	rec.Method, rec.Path, rec.Code, rec.Detail = r.method(), r.path(), string(p.code), p.detail
	if rec.Stream == "" {
		rec.Stream = string(streamOfPath(rec.Path))
	}
	if rec.Stream == "" {
		return
	}
	if rec.Holder == "" && len(rec.TeamIDs) == 0 {
		rec.Holder = r.caller.sub
	}
	performance := events.PerformanceID("")
	switch stream := events.StreamID(rec.Stream); stream.Category() {
	case events.PerformanceCategory:
		performance = events.PerformanceID(stream.Entity())
	case events.BookingCategory:
		if row, known := s.refusedBooking(r, stream.Entity()); known {
			rec.Holder, performance = row.Holder, row.PerformanceID
		}
	}
	if rec.BeatenPosition == 0 {
		rec.BeatenStream = string(beatenBy(rec, p, performance))
	}
	s.config.Refusals.Record(refusals.Refusal{RefusalRecorded: *rec, RequestID: r.id, Actor: r.caller.name(),
		At: time.Now(), Bounded: !r.caller.actsForOthers()})
}

// refusedBooking returns the booking that a refused command is about. If the views lack it, refusedBooking waits until
// they have caught up with the log.
func (s *Server) refusedBooking(r *request, id string) (booking row.Booking, known bool) {
	booking, known, err := s.config.Views.Booking(id)
	if err == nil && !known && s.config.Views.CatchUp(r.ctx.Context()) == nil {
		booking, known, err = s.config.Views.Booking(id)
	}
	return booking, known && err == nil
}

// beatenBy returns the stream of the entity whose state caused a refusal. For a command to several entities it is
// derived from the members of the problem.
func beatenBy(w *events.RefusalRecorded, p *problem, performance events.PerformanceID) events.StreamID {
	taken := p.fields.Seats()
	soldOut, _ := p.fields["areas"].([]bookings.AreaLeft)
	switch {
	case len(soldOut) > 0 && performance != "":
		return events.NewStreamID(events.AreaCategory, events.OfPerformance(performance, string(soldOut[0].Area)))
	case len(taken) > 0 && performance != "":
		return events.NewStreamID(events.SeatCategory, events.OfPerformance(performance, string(taken[0])))
	case p.code == core.CodeLimitExceeded && p.fields.HasTaken() && performance != "":
		return events.NewStreamID(events.AllowanceCategory, events.OfPerformance(performance, string(w.Holder)))
	case p.code == core.CodeInsufficientBalance:
		return events.NewStreamID(events.WalletCategory, string(w.Holder))
	}
	return events.StreamID(w.Stream)
}
