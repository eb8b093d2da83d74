package api

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/api/codes"
	"admitone/events"
)

func (s *Server) visitorRoutes() {
	const all, one = "/v1/waiting-rooms/:id/visitors", "/v1/waiting-rooms/:id/visitors/:visitor"
	s.handle(fiber.MethodPost, all, s.join)
	s.handle(fiber.MethodGet, one, s.poll)
	s.handle(fiber.MethodDelete, one, s.leave)
}

// newVisitor decodes and validates the body of a join.
func (r *request) newVisitor() (holder events.Holder, err error) {
	if err := r.caller.requireActor(); err != nil {
		return "", err
	}
	var body struct {
		Holder events.Holder `json:"holder"`
	}
	if err := r.decode(&body, false); err != nil {
		return "", err
	}
	return r.holder(body.Holder)
}

// join adds a holder to a waiting room: 201, or 200 if the holder has a place or a pass already.
func (s *Server) join(r *request) error {
	id, err := param[events.RoomID](r, "id", "waiting_room")
	if err != nil {
		return err
	}
	holder, err := r.newVisitor()
	if err != nil {
		return err
	}
	if err := s.checkJoinLimit(r); err != nil {
		return err
	}
	var visit admission.Visit
	var answer actors.Answer
	var replayed bool
	err = r.keyed(func(command actors.CommandID) error {
		ctx, cancel := r.answerContext()
		defer cancel()
		visit, answer, replayed, err = s.config.Rooms.Join(ctx, id, holder, r.source(command))
		return err
	})
	s.notePosition(answer.Position)
	if err != nil {
		return err
	}
	status := fiber.StatusCreated
	switch {
	case len(answer.Facts) == 0:
		status = fiber.StatusOK
	case replayed:
		r.ctx.Set(headerReplay, "true")
	default:
		s.metrics.countFacts(answer.Facts)
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/waiting-rooms/"+string(id)+"/visitors/"+visit.Visitor)
	return r.answerVisit(status, &visit)
}

// poll answers with the state of a visitor, and counts as a heartbeat. The id in the path authorises the request,
// because it can't be guessed. A poll reaches neither an entity nor the log.
func (s *Server) poll(r *request) error {
	if s.config.Rooms == nil { // a server of the past has no visitors
		return notFound("visitor")
	}
	visit, err := s.config.Rooms.Poll(context.Background(), events.RoomID(r.segment("id")), r.segment("visitor"))
	if err != nil {
		return err
	}
	if visit.TooSoon {
		return &problem{code: codes.RateLimited,
			detail: "you polled a moment ago; your place is safe, poll again after Retry-After",
			after:  visit.PollAfter}
	}
	return r.answerVisit(fiber.StatusOK, &visit)
}

// leave gives up the place or the pass of a visitor. It is idempotent.
func (s *Server) leave(r *request) error {
	id, err := param[events.RoomID](r, "id", "waiting_room")
	if err != nil {
		return err
	}
	visit, answer, err := s.config.Rooms.Leave(context.Background(), id, r.segment("visitor"),
		r.source(r.newCommandID()))
	s.notePosition(answer.Position)
	if err != nil {
		return err
	}
	s.metrics.countFacts(answer.Facts)
	return r.answerVisit(fiber.StatusOK, &visit)
}

// answerVisit answers with the state of a visitor. The answer must not be cached, because it contains a pass or may
// differ at the next poll.
func (r *request) answerVisit(status int, v *admission.Visit) error {
	header := &r.ctx.Response().Header
	header.Set(fiber.HeaderCacheControl, "no-store")
	if v.Status == events.VisitorWaiting {
		header.Set(fiber.HeaderRetryAfter, strconv.FormatInt(wholeSeconds(v.PollAfter), 10))
	}
	return r.object(status, appendVisit(make([]byte, 0, 256), v))
}

// appendVisit appends the state of a visitor as JSON.
func appendVisit(dst []byte, v *admission.Visit) []byte {
	o := events.OpenObject(dst)
	appendVisitMembers(&o, v)
	return o.Close()
}

// appendVisitMembers appends the members of a visitor's state. position is null until a shuffled order is drawn, and
// eta_seconds is null while no visitors are admitted.
func appendVisitMembers(o *events.Object, v *admission.Visit) {
	o.String("visitor", v.Visitor)
	o.Int("ticket", v.Ticket)
	o.String("status", string(v.Status))
	switch v.Status {
	case events.VisitorWaiting:
		if v.Number > 0 {
			o.Int("position", v.Number)
		} else {
			o.Raw("position", []byte("null"))
		}
		if v.ETA >= 0 {
			o.Int("eta_seconds", wholeSeconds(v.ETA))
		} else {
			o.Raw("eta_seconds", []byte("null"))
		}
		o.Int("poll_after_seconds", wholeSeconds(v.PollAfter))
	case events.VisitorAdmitted:
		o.String("pass", v.Pass)
		o.Time("expires_at", v.ExpiresAt)
	}
}
