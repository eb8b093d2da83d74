package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/events"
	"admitone/projections"
)

func (s *Server) waitingRoomRoutes() {
	const one = "/v1/waiting-rooms/:id"
	rooms := &resource[projections.WaitingRoom]{
		name: "waiting_room", path: "/v1/waiting-rooms", server: s, stream: waitingroom.Stream,
		list: s.config.Views.WaitingRooms, get: s.config.Views.WaitingRoom, at: inLog(s, projections.WaitingRoomAt),
		head: func(w *projections.WaitingRoom) (string, *events.Revision, *events.Position) {
			version := events.Revision(w.Version)
			return w.ID, &version, &w.Position
		},
		write: AppendWaitingRoom,
		// The tag counts settings, and what visitors do changes the rest without it.
		age: func(w *projections.WaitingRoom, _ time.Time) bool { return w.Joined > 0 || w.Begun },
	}
	s.handle(fiber.MethodGet, "/v1/waiting-rooms", s.past(rooms.listed))
	s.handle(fiber.MethodGet, one, s.past(rooms.one))
	s.handle(fiber.MethodPut, one, s.setWaitingRoom)
	s.visitorRoutes()
}

// newWaitingRoom reads what an organiser wants of a room.
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

// setWaitingRoom sets a room up: 201; or changes it, if nobody was faster: 200.
func (s *Server) setWaitingRoom(r *request) error {
	if err := r.caller.must(RoleAdmin); err != nil {
		return err
	}
	id := r.ctx.Params("id")
	if !validID(id) {
		return invalidField("id", "1 to 64 of A-Z a-z 0-9 _ and -")
	}
	var seen *int64
	if r.ctx.Get(fiber.HeaderIfMatch) != "" {
		revision, err := r.ifMatch()
		if err != nil {
			return err
		}
		version := int64(*revision)
		seen = &version
	}
	settings, err := r.newWaitingRoom()
	if err != nil {
		return err
	}
	from, err := r.source()
	if err != nil {
		return err
	}
	answer, err := s.config.Rooms.Set(context.Background(), id, settings, seen, from)
	s.note(answer.Position)
	if err != nil {
		return err
	}
	s.metrics.caused(answer.Facts)
	status := fiber.StatusOK
	if len(answer.Facts) > 0 {
		if _, opened := answer.Facts[0].(*events.WaitingRoomOpened); opened {
			status = fiber.StatusCreated
		}
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/waiting-rooms/"+id)
	return s.waitingRoomNow(r, id, status)
}

// waitingRoomNow answers with a room as its entity has it.
func (s *Server) waitingRoomNow(r *request, id string, status int) error {
	row := &projections.WaitingRoom{} // not on the stack: whoever writes it may be late
	answer, err := s.config.Desk.View(context.Background(), waitingroom.Stream(id), func(c core.Core) {
		l := c.(*waitingroom.Room).Line()
		row.ID, row.WaitingRoomSettings = l.ID, l.Settings
		row.Waiting, row.Active, row.Joined, row.Admitted = l.Waiting, l.Active, l.Tickets, l.Admitted
		row.Begun, row.Early, row.Seed = l.Begun, l.Early, l.Seed
	})
	if err != nil {
		return err
	}
	row.Revision, row.Position = answer.Revision, answer.Position
	r.tag(events.Revision(row.Version))
	return r.json(status, AppendWaitingRoom(nil, row, nil))
}

// source says where a command comes from; whoever hands it in adds the rest.
func (r *request) source() (actors.Request, error) {
	id, err := r.commandID()
	return actors.Request{ID: id, CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name()}, err
}

// AppendWaitingRoom appends a waiting room as the HTTP resource, with as_of if it is
// one of the past.
func AppendWaitingRoom(dst []byte, w *projections.WaitingRoom, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", w.ID)
	w.AppendMembers(&o)
	o.Int("position", int64(w.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

// guardedBy reads which waiting room is to guard something; "" is none. It need not be
// there yet, but nobody gets a pass of it before.
func guardedBy(given *string) (room string, err error) {
	if given == nil || *given == "" {
		return "", nil
	}
	if !validID(*given) {
		return "", invalidField("waiting_room", "1 to 64 of A-Z a-z 0-9 _ and -, or nothing")
	}
	return *given, nil
}

// headerPass is what a visitor who has been let in shows.
const headerPass = "Admission-Pass"

// entrance is the waiting room through which a command came, and with which ticket;
// the zero entrance is that of what no room guards. It has to be left.
type entrance struct {
	room   string
	ticket int64
	end    func()
}

// leave lets the next in who comes with the same pass.
func (in *entrance) leave() {
	if in.end != nil {
		in.end()
	}
	*in = entrance{}
}

// admitted hands in a command on what a waiting room may guard. do gets the room whose
// pass the caller has shown; the entity itself decides whether it is the right one, so
// nobody slips in while the views are behind. guess is the room according to them: it
// only saves a second attempt.
//
// An answer that was given before is given again without a pass: a retry is no new
// purchase.
func (s *Server) admitted(r *request, holder string, guess func() string, do func(room string) error) (in entrance, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			in.leave()
			panic(cause)
		}
	}()
	shown := r.ctx.Get(headerPass)
	enter := func(room string) error {
		in.leave()
		ticket, end, err := s.config.Rooms.Enter(room, holder, shown)
		if err == nil {
			in = entrance{room, ticket, end}
		}
		return err
	}
	if shown != "" {
		if room := guess(); room != "" {
			_ = enter(room) // if the guess was wrong, the entity says what is right
		}
	}
	for range 3 { // the room may be changed meanwhile
		err = do(in.room)
		refusal := (*core.Refusal)(nil)
		if !errors.As(err, &refusal) || refusal.Code != "pass_required" {
			return in, err
		}
		room, _ := refusal.Fields["waiting_room"].(string)
		if refused := enter(room); refused != nil {
			p := problemOf(refused, r.log)
			p = &problem{code: p.code, detail: p.detail, after: p.after, fields: map[string]any{"waiting_room": room}}
			if _, known, err := s.config.Views.WaitingRoom(room); err == nil && !known {
				p.detail = "this is behind a waiting room that has not been set up; nobody can come in before the organiser does, or takes it away"
			}
			return entrance{}, p
		}
	}
	return in, actors.ErrOverloaded
}

// finished ends the pass of a holder who has got what room is the way to, if it is the
// way to anything. An answer that was given before has ended it before.
func (r *request) finished(in entrance, holder string, replayed bool) {
	if in.room == "" || replayed {
		return
	}
	r.server.config.Rooms.Done(in.room, holder, in.ticket, actors.Request{ID: actors.NewCommandID(),
		CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name()})
}
