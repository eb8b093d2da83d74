package api

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/refusals"
	"admitone/events"
)

// wish is what this request asks for, to be filled in by its handler; nil if nobody
// keeps refusals.
func (r *request) wish() *events.RefusalRecorded {
	if r.server.config.Refusals == nil {
		return nil
	}
	if r.wished == nil {
		r.wished = &events.RefusalRecorded{BeatenRevision: int64(events.NoStream)}
	}
	return r.wished
}

// decided notes which entity has answered a command, and what its newest fact was.
func (r *request) decided(stream events.StreamID, answer *actors.Answer) {
	if w := r.wish(); w != nil {
		w.Stream = string(stream)
		if answer.Position > 0 {
			w.BeatenStream, w.BeatenRevision, w.BeatenPosition = string(stream), int64(answer.Revision), int64(answer.Position)
		}
	}
}

// kindsByPath are the categories of the streams behind the paths of resources.
var kindsByPath = map[string]string{
	"products": "product", "performances": "performance", "tournaments": "tournament", "teams": "team",
	"bookings": "booking", "wallets": "wallet", "waiting-rooms": "waitingroom",
}

// streamOfPath is that of the resource that a path leads to or through, "" if none is
// known.
func streamOfPath(path string) events.StreamID {
	parts := strings.SplitN(path, "/", 5) // "", v1, kind, id, rest
	if len(parts) < 4 || kindsByPath[parts[2]] == "" {
		return ""
	}
	return events.NewStreamID(kindsByPath[parts[2]], parts[3])
}

// refused keeps a business no: a command that what had happened before stood in the
// way of, or that came without a pass. What was asked wrongly, or came too fast, is none.
func (s *Server) refused(r *request, p *problem) {
	status := statuses[p.code]
	withoutPass := p.code == "pass_required" || p.code == "pass_invalid"
	if !withoutPass && status != fiber.StatusConflict && status != fiber.StatusGone && status != fiber.StatusPreconditionFailed {
		return
	}
	w := r.wish()
	w.Method, w.Path, w.Code, w.Detail = r.ctx.Method(), r.ctx.Path(), p.code, p.detail
	if w.Stream == "" {
		w.Stream = string(streamOfPath(w.Path))
	}
	if w.Stream == "" {
		return
	}
	if w.Holder == "" && len(w.TeamIDs) == 0 {
		w.Holder = r.caller.sub
	}
	performance, is := strings.CutPrefix(w.Stream, "performance-")
	if !is {
		performance = ""
	}
	if id, is := strings.CutPrefix(w.Stream, "booking-"); is {
		if row, known, err := s.config.Views.Booking(id); known && err == nil {
			w.Holder, performance = row.Holder, row.PerformanceID
		}
	}
	if w.BeatenPosition == 0 {
		w.BeatenStream = string(beatenBy(w, p, performance))
	}
	s.config.Refusals.Record(refusals.Refusal{RefusalRecorded: *w, RequestID: r.id, Actor: r.caller.name(), At: time.Now()})
}

// beatenBy guesses whose newest fact stood in the way, where several entities have been
// asked one after another.
func beatenBy(w *events.RefusalRecorded, p *problem, performance string) events.StreamID {
	taken, _ := p.fields["seats"].([]string)
	_, limited := p.fields["limit"]
	switch {
	case len(taken) > 0 && performance != "":
		return events.NewStreamID("seat", events.OfPerformance(performance, taken[0]))
	case p.code == "limit_exceeded" && limited && performance != "":
		return events.NewStreamID("allowance", events.OfPerformance(performance, w.Holder))
	case p.code == "insufficient_balance":
		return events.NewStreamID("wallet", w.Holder)
	}
	return events.StreamID(w.Stream)
}
