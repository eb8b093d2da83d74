package api

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/admission"
	"admitone/events"
)

func (s *Server) visitorRoutes() {
	const all, one = "/v1/waiting-rooms/:id/visitors", "/v1/waiting-rooms/:id/visitors/:visitor"
	s.handle(fiber.MethodPost, all, s.join)
	s.handle(fiber.MethodGet, one, s.poll)
	s.handle(fiber.MethodDelete, one, s.leave)
}

// newVisitor reads who wants a place.
func (r *request) newVisitor() (holder string, err error) {
	if r.caller.role == "" {
		return "", r.caller.must(RoleHolder)
	}
	var body struct {
		Holder string `json:"holder"`
	}
	if err := r.decode(&body, false); err != nil {
		return "", err
	}
	return r.holder(body.Holder)
}

// join gives a holder a place: 201; or says which one it has: 200.
func (s *Server) join(r *request) error {
	id, err := r.param("id", "waiting_room")
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
	from, err := r.source()
	if err != nil {
		return err
	}
	visit, answer, again, err := s.config.Rooms.Join(context.Background(), id, holder, from)
	s.note(answer.Position)
	if err != nil {
		return err
	}
	status := fiber.StatusCreated
	switch {
	case len(answer.Facts) == 0:
		status = fiber.StatusOK
	case again:
		r.ctx.Set("Idempotent-Replay", "true")
	default:
		s.metrics.caused(answer.Facts)
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/waiting-rooms/"+id+"/visitors/"+visit.Visitor)
	return r.visit(status, &visit)
}

// poll is a sign of life, and says where the visitor stands. The id in the path is
// proof enough: nobody can guess one. It asks neither actor nor log.
func (s *Server) poll(r *request) error {
	if s.config.Rooms == nil { // a server of the past, where nobody waits
		return notFound("visitor")
	}
	visit, err := s.config.Rooms.Poll(context.Background(), r.ctx.Params("id"), r.ctx.Params("visitor"))
	if err != nil {
		return err
	}
	if visit.TooSoon {
		return &problem{code: "rate_limited", detail: "you have asked a moment ago; your place is safe, ask again when Retry-After says", after: visit.PollAfter}
	}
	return r.visit(fiber.StatusOK, &visit)
}

// leave gives the place or the pass up; of somebody who is gone it says how.
func (s *Server) leave(r *request) error {
	id, err := r.param("id", "waiting_room")
	if err != nil {
		return err
	}
	from, err := r.source()
	if err != nil {
		return err
	}
	visit, answer, err := s.config.Rooms.Leave(context.Background(), id, r.ctx.Params("visitor"), from)
	s.note(answer.Position)
	if err != nil {
		return err
	}
	s.metrics.caused(answer.Facts)
	return r.visit(fiber.StatusOK, &visit)
}

// visit answers with where a visitor stands. Nothing of it may be kept by anybody on
// the way: a pass is in it, and the next answer is another.
func (r *request) visit(status int, v *admission.Visit) error {
	header := &r.ctx.Response().Header
	header.Set(fiber.HeaderCacheControl, "no-store")
	if v.Status == events.VisitorWaiting {
		header.Set(fiber.HeaderRetryAfter, strconv.FormatInt(wholeSeconds(v.PollAfter), 10))
	}
	return r.json(status, appendVisit(make([]byte, 0, 256), v))
}

// appendVisit writes where a visitor stands. position and eta_seconds of who waits are
// null when nobody knows them: before a shuffled opening is drawn, and while nobody is
// let in.
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
