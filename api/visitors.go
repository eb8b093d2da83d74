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

// newVisitor reads the holder who asks for a place.
func (r *request) newVisitor() (holder events.Holder, err error) {
	if err := r.caller.act(); err != nil {
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

// join gives a holder a place: 201; or answers with the holder's existing one: 200.
func (s *Server) join(r *request) error {
	id, err := param[events.RoomID](r, "id", "waiting_room")
	if err != nil {
		return err
	}
	holder, err := r.newVisitor()
	if err != nil {
		return err
	}
	if err := s.joinAllowed(r); err != nil {
		return err
	}
	var visit admission.Visit
	var answer actors.Answer
	var again bool
	err = r.keyed(func(command actors.CommandID) error {
		ctx, cancel := r.waiting()
		defer cancel()
		visit, answer, again, err = s.config.Rooms.Join(ctx, id, holder, r.source(command))
		return err
	})
	s.note(answer.Position)
	if err != nil {
		return err
	}
	status := fiber.StatusCreated
	switch {
	case len(answer.Facts) == 0:
		status = fiber.StatusOK
	case again:
		r.ctx.Set(headerReplay, "true")
	default:
		s.metrics.caused(answer.Facts)
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/waiting-rooms/"+string(id)+"/visitors/"+visit.Visitor)
	return r.visit(status, &visit)
}

// poll is a sign of life, and answers with the visitor's state. The id in the path is the
// authorisation: it can't be guessed. It asks neither actor nor log.
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
			detail: "you have asked a moment ago; your place is safe, ask again when Retry-After says",
			after:  visit.PollAfter}
	}
	return r.visit(fiber.StatusOK, &visit)
}

// leave gives up the place or the pass; for a visitor who has left it answers how.
func (s *Server) leave(r *request) error {
	id, err := param[events.RoomID](r, "id", "waiting_room")
	if err != nil {
		return err
	}
	visit, answer, err := s.config.Rooms.Leave(
		context.Background(),
		id,
		r.segment("visitor"),
		r.source(actors.NewCommandID()),
	)
	s.note(answer.Position)
	if err != nil {
		return err
	}
	s.metrics.caused(answer.Facts)
	return r.visit(fiber.StatusOK, &visit)
}

// visit answers with the state of a visitor, which no cache may keep: it has a pass, and the next
// answer differs.
func (r *request) visit(status int, v *admission.Visit) error {
	header := &r.ctx.Response().Header
	header.Set(fiber.HeaderCacheControl, "no-store")
	if v.Status == events.VisitorWaiting {
		header.Set(fiber.HeaderRetryAfter, strconv.FormatInt(wholeSeconds(v.PollAfter), 10))
	}
	return r.json(status, appendVisit(make([]byte, 0, 256), v))
}

// appendVisit writes the state of a visitor. position and eta_seconds of a waiting one are null
// when they are not known: before a shuffled opening is drawn, and while no visitor is admitted.
// The members depend on the status, so they are not written by a compiled encoder.
func appendVisit(dst []byte, v *admission.Visit) []byte {
	o := events.OpenObject(dst)
	appendVisitMembers(&o, v)
	return o.Close()
}

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
