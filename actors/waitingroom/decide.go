package waitingroom

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var errNoRoom = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such waiting room",
	Fields: map[string]any{"resource": "waiting_room"}}

var errNoVisitor = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such visitor in the waiting room; join again",
	Fields: map[string]any{"resource": "visitor"}}

var errClosed = &core.Refusal{Code: core.CodeRoomClosed, Detail: "the organiser has closed the waiting room"}

var errFull = &core.Refusal{Code: core.CodeLimitExceeded, Detail: "the waiting room is full; try again later",
	Fields: map[string]any{"limit": int64(MaxWaiting)}}

var errNoRevision = &core.Refusal{Code: core.CodeRevisionRequired,
	Detail: "the waiting room exists; read it, and change it with If-Match"}

// codeNotRunner is exchanged between a room and the servers that run it; no client receives it.
const codeNotRunner core.Code = "not_runner"

// ErrNotRunner is the refusal of a Drop by a server that has not run the room for the whole term.
var ErrNotRunner = &core.Refusal{Code: codeNotRunner, Detail: "another server runs the waiting room now"}

var errBadHolder = &core.Refusal{Code: core.CodeInvalidField,
	Detail: fmt.Sprintf("holder must have 1 to %d bytes", MaxHolder),
	Fields: map[string]any{"field": "holder"}}

func badField(field, detail string) *core.Refusal {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: detail, Fields: map[string]any{"field": field}}
}

// Decide implements [core.Core].
func (r *Room) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	if set, ok := cmd.(*Set); ok {
		return r.set(set)
	}
	if !r.Exists() {
		return nil, errNoRoom
	}
	switch cmd := cmd.(type) {
	case *Join:
		return r.join(cmd)
	case *Admit:
		return r.admit(now), nil
	case *Leave:
		return r.leave(cmd)
	case *Finish:
		return r.finish(cmd)
	case *Drop:
		return r.drop(cmd)
	case *TakeOver:
		return r.takeOver(cmd), nil
	case *Shuffle:
		return r.shuffle(cmd)
	case *core.Expire:
		return r.expire(now), nil
	}
	panic(fmt.Sprintf("waitingroom: no rule for %T", cmd))
}

func (r *Room) set(cmd *Set) ([]events.Fact, error) {
	settings := cmd.settings(r.settings)
	if refusal := checkBounds(&settings); refusal != nil {
		return nil, refusal
	}
	if refusal := r.checkOpening(&settings); refusal != nil {
		return nil, refusal
	}
	if r.Exists() && cmd.IfVersion == nil {
		return nil, errNoRevision
	}
	if cmd.IfVersion != nil && *cmd.IfVersion != r.settings.Version {
		return nil, &core.Refusal{Code: core.CodeStaleRevision,
			Detail: "it has changed since you read it; read it again and edit that",
			Fields: map[string]any{"current_revision": r.settings.Version}}
	}
	if settings == r.settings {
		return nil, nil
	}
	settings.Version++
	if !r.Exists() {
		return []events.Fact{&events.WaitingRoomOpened{RoomID: cmd.ID, WaitingRoomSettings: settings}}, nil
	}
	return []events.Fact{&events.WaitingRoomChanged{WaitingRoomSettings: settings, WaitingRoomCounts: r.counts()}}, nil
}

// settings returns the new settings: those of cmd, with the fields of before where cmd has none.
func (cmd *Set) settings(before events.WaitingRoomSettings) events.WaitingRoomSettings {
	settings := cmd.Settings
	settings.Version = before.Version
	if settings.Status == "" {
		settings.Status = firstNonEmpty(before.Status, events.RoomOpen)
	}
	if settings.Order == "" {
		settings.Order = firstNonEmpty(before.Order, events.RoomFIFO)
	}
	if settings.OpensAt.IsZero() {
		settings.OpensAt = before.OpensAt
	}
	switch {
	case settings.Order != events.RoomShuffle:
		settings.SeedHash = ""
	case settings.SeedHash == "":
		settings.SeedHash = before.SeedHash
	}
	// Settings are compared with ==, so equal times must be equal values.
	settings.OpensAt = settings.OpensAt.UTC().Round(0)
	return settings
}

func firstNonEmpty[S ~string](value, otherwise S) S {
	if value == "" {
		return otherwise
	}
	return value
}

// checkBounds refuses settings that are out of bounds or incomplete.
func checkBounds(s *events.WaitingRoomSettings) *core.Refusal {
	for _, bound := range []struct {
		field    string
		value    int64
		min, max int64
	}{
		{"admit_per_second", s.AdmitPerSecond, 0, MaxAdmitPerSecond},
		{"max_active", s.MaxActive, 1, MaxActive},
		{"active_seconds", s.ActiveSeconds, 1, MaxActiveSeconds},
		{"heartbeat_seconds", s.HeartbeatSeconds, 1, MaxHeartbeatSeconds},
	} {
		if bound.value < bound.min || bound.value > bound.max {
			return badField(bound.field, fmt.Sprintf("%s must be from %d to %d", bound.field, bound.min, bound.max))
		}
	}
	switch {
	case s.Status != events.RoomOpen && s.Status != events.RoomClosed:
		return badField("status", "status must be open or closed")
	case s.Order != events.RoomFIFO && s.Order != events.RoomShuffle:
		return badField("order", "order must be fifo or shuffle")
	case !s.OpensAt.IsZero() && (s.OpensAt.Year() < 1970 || s.OpensAt.Year() > 9999):
		return badField("opens_at", "opens_at must be in the years 1970 to 9999")
	case s.Order == events.RoomShuffle && s.OpensAt.IsZero():
		return badField("opens_at", "a shuffled opening needs an opening time")
	}
	if hash, err := hex.DecodeString(s.SeedHash); s.Order == events.RoomShuffle &&
		(err != nil || len(hash) != sha256.Size) {
		return badField("seed_hash", "a shuffled opening needs the SHA-256 of its seed")
	}
	return nil
}

// checkOpening refuses edits by which an organiser could choose the order of visitors who have joined:
// the seed is fixed once the first visitor has joined, and the opening time once it has passed. A
// change to the order of arrival is possible until the seed is published.
func (r *Room) checkOpening(s *events.WaitingRoomSettings) *core.Refusal {
	was := &r.settings
	switch {
	case r.seed != "" && (s.Order != was.Order || s.SeedHash != was.SeedHash || !s.OpensAt.Equal(was.OpensAt)):
		return badField("order", "the order has been drawn and can't be changed")
	case r.last == 0 || s.Order == events.RoomFIFO:
		return nil
	case was.Order != events.RoomShuffle:
		return badField("order", "visitors have joined already, so they can't be shuffled any more")
	case s.SeedHash != was.SeedHash:
		return badField("seed_hash", "visitors have joined already, so the seed can't be changed")
	case r.begun && !s.OpensAt.Equal(was.OpensAt):
		return badField("opens_at", "the opening has begun; it can't be moved")
	}
	return nil
}

func (r *Room) join(cmd *Join) ([]events.Fact, error) {
	if len(cmd.Holder) < 1 || len(cmd.Holder) > MaxHolder {
		return nil, errBadHolder
	}
	_, in := r.Ticket(cmd.Holder)
	switch {
	case in:
		return nil, nil
	case r.settings.Status == events.RoomClosed:
		return nil, errClosed
	case r.waiting >= MaxWaiting || r.last >= MaxTickets:
		return nil, errFull
	}
	after := r.counts()
	after.Waiting++
	return []events.Fact{&events.WaitingRoomJoined{Ticket: r.last + 1, Holder: cmd.Holder, WaitingRoomCounts: after}}, nil
}

// admit admits the first waiting visitors, as many as the rate and max_active allow.
func (r *Room) admit(now time.Time) []events.Fact {
	s := &r.settings
	if s.Status == events.RoomClosed || !r.drawn() || now.Before(s.OpensAt) {
		return nil
	}
	count := min(allowed(r.recent, s.AdmitPerSecond, now), s.MaxActive-r.active, r.waiting, AdmitAtOnce)
	if count <= 0 {
		return nil
	}
	fact := &events.WaitingRoomAdmitted{
		AdmittedAt: now.UTC(), ExpiresAt: now.UTC().Add(time.Duration(s.ActiveSeconds) * time.Second),
	}
	for from := r.line.head; fact.Count < count && len(fact.Tickets) < MaxRanges; fact.Count++ {
		place, _ := r.line.next(from)
		fact.Tickets = events.AddTicket(fact.Tickets, int64(r.line.ticket(place)))
		from = place + 1
	}
	fact.Admitted = r.admitted + fact.Count
	fact.WaitingRoomCounts = events.WaitingRoomCounts{Waiting: r.waiting - fact.Count, Active: r.active + fact.Count}
	return []events.Fact{fact}
}

func (r *Room) leave(cmd *Leave) ([]events.Fact, error) {
	was, err := r.status(cmd.Ticket)
	if err != nil {
		return nil, err
	}
	after := r.counts()
	switch was {
	case events.VisitorWaiting:
		after.Waiting--
	case events.VisitorAdmitted:
		after.Active--
	default:
		return nil, nil
	}
	return []events.Fact{&events.WaitingRoomLeft{Ticket: cmd.Ticket, Was: was, WaitingRoomCounts: after}}, nil
}

func (r *Room) finish(cmd *Finish) ([]events.Fact, error) {
	was, err := r.status(cmd.Ticket)
	if err != nil || was != events.VisitorAdmitted {
		return nil, err
	}
	after := r.counts()
	after.Active--
	return []events.Fact{&events.WaitingRoomFinished{Ticket: cmd.Ticket, WaitingRoomCounts: after}}, nil
}

// status returns the status of a ticket. Refusal: not_found.
func (r *Room) status(ticket int64) (events.VisitorStatus, error) {
	if ticket < 1 || ticket > r.last {
		return "", errNoVisitor
	}
	return r.line.status(r.line.place(uint32(ticket))), nil
}

// takeOver begins the next term, unless the server has not seen the current one.
func (r *Room) takeOver(cmd *TakeOver) []events.Fact {
	if r.run == cmd.Run || r.term != cmd.Term {
		return nil
	}
	return []events.Fact{&events.WaitingRoomRun{Node: cmd.Node, Run: cmd.Run, Term: r.term + 1}}
}

func (r *Room) drop(cmd *Drop) ([]events.Fact, error) {
	if cmd.Term != r.term {
		return nil, ErrNotRunner
	}
	fact := &events.WaitingRoomDropped{WaitingRoomCounts: r.counts()}
	seen, last := 0, int64(0)
	for ticket := range events.Tickets(cmd.Tickets) {
		if seen++; seen > DropAtOnce || len(fact.Tickets) >= MaxRanges {
			break
		}
		was, err := r.status(ticket)
		if ticket <= last || err != nil || was != events.VisitorWaiting {
			continue
		}
		last = ticket
		fact.Tickets = events.AddTicket(fact.Tickets, ticket)
		fact.Count++
	}
	if fact.Count == 0 {
		return nil, nil
	}
	fact.Waiting -= fact.Count
	return []events.Fact{fact}, nil
}

func (r *Room) shuffle(cmd *Shuffle) ([]events.Fact, error) {
	if r.drawn() || !r.begun {
		return nil, nil
	}
	hash := sha256.Sum256(cmd.Seed)
	if hex.EncodeToString(hash[:]) != r.settings.SeedHash {
		return nil, badField("seed", "it is not the seed whose hash was published")
	}
	return []events.Fact{&events.WaitingRoomShuffled{Seed: hex.EncodeToString(cmd.Seed), Early: r.early}}, nil
}

// expire begins a shuffled opening, or ends expired passes.
func (r *Room) expire(now time.Time) []events.Fact {
	if r.beginPending() && r.settings.OpensAt.Before(now) {
		return []events.Fact{&events.WaitingRoomBegun{Early: r.last}}
	}
	if len(r.passes.heap) == 0 || r.passes.heap[0].expires >= now.UnixNano() {
		return nil
	}
	fact := &events.WaitingRoomExpired{WaitingRoomCounts: r.counts()}
	for place := range r.line.activePlaces(r.passes.heap[0]) {
		fact.Tickets = events.AddTicket(fact.Tickets, int64(r.line.ticket(place)))
		if fact.Count++; fact.Count == expiryBatch || len(fact.Tickets) >= MaxRanges {
			break
		}
	}
	fact.Active -= fact.Count
	return []events.Fact{fact}
}
