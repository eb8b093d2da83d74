package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/api/input"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "waiting-rooms", rules: waitingroom.Kind, routes: (*Server).waitingRoomRoutes})
}

func (s *Server) waitingRoomRoutes() {
	const one = "/v1/waiting-rooms/:id"
	rooms := &resource[row.WaitingRoom, events.RoomID]{
		name: "waiting_room", path: "/v1/waiting-rooms", server: s, stream: waitingroom.Stream,
		list: s.config.Views.WaitingRooms, get: s.config.Views.WaitingRoom, at: inLog(s, row.WaitingRoomAt),
		head: func(w *row.WaitingRoom) (events.RoomID, *events.Revision, *events.Position) {
			version := events.Revision(w.Version)
			return w.ID, &version, &w.Position
		},
		write: AppendWaitingRoom,
		// The ETag is the version of the settings. Once visitors have joined, the other members change
		// independently of it.
		age: func(w *row.WaitingRoom, _ time.Time) bool { return w.Joined > 0 || w.Begun },
	}
	s.handle(fiber.MethodGet, "/v1/waiting-rooms", s.limitPastReads(rooms.listPage))
	s.handle(fiber.MethodGet, one, s.limitPastReads(rooms.answerOne))
	s.handle(fiber.MethodPut, one, s.setWaitingRoom)
	s.visitorRoutes()
}

// newWaitingRoom decodes the settings of a room. The room's entity validates them.
func (r *request) newWaitingRoom() (settings events.WaitingRoomSettings, err error) {
	var body struct {
		AdmitPerSecond   *int64            `json:"admit_per_second"`
		MaxActive        *int64            `json:"max_active"`
		ActiveSeconds    *int64            `json:"active_seconds"`
		HeartbeatSeconds *int64            `json:"heartbeat_seconds"`
		Status           events.RoomStatus `json:"status"`
		Order            events.RoomOrder  `json:"order"`
		OpensAt          *string           `json:"opens_at"`
	}
	if err := r.decode(&body, false); err != nil {
		return settings, err
	}
	settings = events.WaitingRoomSettings{Status: body.Status, Order: body.Order}
	for _, number := range []struct {
		name  string
		given *int64
		to    *int64
	}{
		{"admit_per_second", body.AdmitPerSecond, &settings.AdmitPerSecond},
		{"max_active", body.MaxActive, &settings.MaxActive},
		{"active_seconds", body.ActiveSeconds, &settings.ActiveSeconds},
		{"heartbeat_seconds", body.HeartbeatSeconds, &settings.HeartbeatSeconds},
	} {
		if number.given == nil {
			return settings, invalidField(number.name, "a waiting room needs it")
		}
		*number.to = *number.given
	}
	if body.OpensAt != nil {
		settings.OpensAt, err = timeOf("opens_at", *body.OpensAt)
	}
	return settings, err
}

// setWaitingRoom creates a room (201) or edits it (200). A stale edit is refused.
func (s *Server) setWaitingRoom(r *request) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	id := r.segment("id")
	if !input.ValidID(id) {
		return invalidField("id", "1 to 64 of A-Z a-z 0-9 _ and -")
	}
	var base *int64
	if r.ctx.Get(fiber.HeaderIfMatch) != "" {
		revision, err := r.ifMatch()
		if err != nil {
			return err
		}
		version := int64(*revision)
		base = &version
	}
	settings, err := r.newWaitingRoom()
	if err != nil {
		return err
	}
	answer, err := s.config.Rooms.Set(context.Background(), events.RoomID(id), settings, base,
		r.source(r.newCommandID()))
	s.notePosition(answer.Position)
	refusal := (*core.Refusal)(nil)
	if base != nil && errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision {
		return &problem{
			code:   refusal.Code,
			detail: staleDetail(refusal, events.Revision(*base)),
			fields: refusal.Fields,
		}
	}
	if err != nil {
		return err
	}
	s.metrics.countFacts(answer.Facts)
	status := fiber.StatusOK
	if len(answer.Facts) > 0 {
		if _, opened := answer.Facts[0].(*events.WaitingRoomOpened); opened {
			status = fiber.StatusCreated
		}
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/waiting-rooms/"+id)
	return s.waitingRoomNow(r, events.RoomID(id), status)
}

// waitingRoomNow answers with the current state of a room from its entity.
func (s *Server) waitingRoomNow(r *request, id events.RoomID, status int) error {
	var room row.WaitingRoom // must not be read after an error: View may still write it
	answer, err := s.config.Desk.View(context.Background(), waitingroom.Stream(id), func(c core.Core) {
		l := c.(*waitingroom.Room).Line()
		room.ID, room.WaitingRoomSettings = events.RoomID(l.ID), l.Settings
		room.Waiting, room.Active, room.Joined, room.Admitted = l.Waiting, l.Active, l.Tickets, l.Admitted
		room.Begun, room.Early, room.Seed = l.Begun, l.Early, l.Seed
	})
	if err != nil {
		return err
	}
	room.Revision, room.Position = answer.Revision, answer.Position
	r.setETag(events.Revision(room.Version))
	return r.json(status, AppendWaitingRoom(nil, &room, nil))
}

// AppendWaitingRoom appends a waiting room as the HTTP resource, with as_of unless at is nil.
func AppendWaitingRoom(dst []byte, w *row.WaitingRoom, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(w.ID))
	w.AppendMembers(&o)
	o.Int("position", int64(w.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

// waitingRoomOf validates the waiting room of a resource. nil and "" mean none. The room need not exist yet, but
// until it does, nobody gets a pass.
func waitingRoomOf(given *events.RoomID) (room events.RoomID, err error) {
	if given == nil || *given == "" {
		return "", nil
	}
	if !input.ValidID(string(*given)) {
		return "", invalidField("waiting_room", "1 to 64 of A-Z a-z 0-9 _ and -, or nothing")
	}
	return *given, nil
}

// headerPass is the header with the pass of an admitted visitor.
const headerPass = "Admission-Pass"

// passUse is the use of a pass by a command. It is zero if the command uses none. release must be called.
type passUse struct {
	room   events.RoomID // that issued the pass
	ticket int64         // of the visitor
	end    func()
}

// release lets other requests use the pass. It is idempotent.
func (u *passUse) release() {
	if u.end != nil {
		u.end()
	}
	*u = passUse{}
}

// runWithPass runs do, a command on a resource that may require a pass. do gets the room of the caller's pass, ""
// for none. The entity checks whether that is the room that it requires, so stale views admit nobody. expectedRoom
// returns that room according to the views, which saves a second attempt.
//
// A replayed answer needs no pass.
func (s *Server) runWithPass(r *request, holder events.Holder, expectedRoom func() events.RoomID,
	do func(room events.RoomID) error) (use passUse, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			use.release()
			panic(cause)
		}
	}()
	pass := r.header(headerPass)
	enter := func(room events.RoomID) error {
		use.release()
		ticket, end, err := s.config.Rooms.Enter(room, holder, pass, r.receivedAt())
		if err == nil {
			use = passUse{room, ticket, end}
		}
		return err
	}
	if pass != "" {
		if room := expectedRoom(); room != "" {
			_ = enter(room) // if this is the wrong room, the entity's refusal names the right one
		}
	}
	for range 3 { // the required room may change between attempts
		if err = do(use.room); err == nil {
			return use, nil
		}
		refusal := (*core.Refusal)(nil)
		if !errors.As(err, &refusal) || refusal.Code != core.CodePassRequired {
			return use, err
		}
		room := events.RoomID(refusal.Fields.WaitingRoom())
		if refused := enter(room); refused != nil {
			p := problemOf(refused, r.log)
			p = &problem{code: p.code, detail: p.detail, after: p.after, fields: map[string]any{"waiting_room": string(room)}}
			if _, known, err := s.config.Views.WaitingRoom(room); err == nil && !known {
				p.detail = "this requires a waiting room that does not exist; " +
					"try again when the organiser has created the room, or no longer requires it"
			}
			return passUse{}, p
		}
	}
	return use, actors.ErrOverloaded
}

// endPass ends the pass of a holder whose purchase is complete. It does nothing without a room or for a replayed
// answer.
func (r *request) endPass(use passUse, holder events.Holder, replayed bool) {
	if use.room == "" || replayed {
		return
	}
	r.server.config.Rooms.FinishPass(use.room, holder, use.ticket, actors.Request{ID: actors.NewCommandID(),
		CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name()})
}
