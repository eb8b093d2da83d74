package logtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"admitone/events"
)

// WaitingRoom appends facts of one waiting room, with any content.
type WaitingRoom struct {
	*Forgery
	Settings events.WaitingRoomSettings
	Counts   events.WaitingRoomCounts
	admitted int64
}

// RoomSeed is the seed of draws.
var RoomSeed = bytes.Repeat([]byte{7}, 32)

// HashOf returns the hash of a seed, as a room publishes it.
func HashOf(seed []byte) string {
	hash := sha256.Sum256(seed)
	return hex.EncodeToString(hash[:])
}

// NewWaitingRoom returns the log of a new room, whose settings change may adjust.
func NewWaitingRoom(change ...func(*events.WaitingRoomSettings)) *WaitingRoom {
	q := &WaitingRoom{Forgery: NewForgery(),
		Settings: events.WaitingRoomSettings{AdmitPerSecond: 2, MaxActive: 3, ActiveSeconds: 60,
			HeartbeatSeconds: 30, Status: events.RoomOpen, Order: events.RoomFIFO, Version: 1}}
	for _, f := range change {
		f(&q.Settings)
	}
	q.Fact(&events.WaitingRoomOpened{RoomID: "a", WaitingRoomSettings: q.Settings})
	return q
}

// Fact appends facts to the stream of the room.
func (q *WaitingRoom) Fact(facts ...events.Fact) { q.Add("waitingroom-a", facts...) }

// Changed appends an edit of the settings.
func (q *WaitingRoom) Changed(f func(*events.WaitingRoomSettings)) {
	q.Settings.Version++
	f(&q.Settings)
	q.Fact(&events.WaitingRoomChanged{WaitingRoomSettings: q.Settings, WaitingRoomCounts: q.Counts})
}

// Joined appends the join of a visitor with a ticket.
func (q *WaitingRoom) Joined(ticket int64, holder events.Holder) {
	q.Counts.Waiting++
	q.Fact(&events.WaitingRoomJoined{Ticket: ticket, Holder: holder, WaitingRoomCounts: q.Counts})
}

// Ranges returns tickets as the ranges in facts.
func Ranges(tickets ...int64) (all []events.TicketRange) {
	for _, ticket := range tickets {
		all = events.AddTicket(all, ticket)
	}
	return all
}

// Admitted appends the admission of tickets.
func (q *WaitingRoom) Admitted(tickets ...int64) {
	n := int64(len(tickets))
	q.Counts.Waiting -= n
	q.Counts.Active += n
	q.admitted += n
	q.Fact(&events.WaitingRoomAdmitted{Tickets: Ranges(tickets...), Count: n, Admitted: q.admitted, AdmittedAt: q.Now,
		ExpiresAt: q.Now.Add(time.Duration(q.Settings.ActiveSeconds) * time.Second), WaitingRoomCounts: q.Counts})
}

// Left appends the departure of a visitor.
func (q *WaitingRoom) Left(ticket int64, was events.VisitorStatus) {
	if was == events.VisitorWaiting {
		q.Counts.Waiting--
	} else {
		q.Counts.Active--
	}
	q.Fact(&events.WaitingRoomLeft{Ticket: ticket, Was: was, WaitingRoomCounts: q.Counts})
}

// Dropped appends the removal of inactive visitors.
func (q *WaitingRoom) Dropped(tickets ...int64) {
	q.Counts.Waiting -= int64(len(tickets))
	q.Fact(&events.WaitingRoomDropped{Tickets: Ranges(tickets...), Count: int64(len(tickets)),
		WaitingRoomCounts: q.Counts})
}

// Expired appends the expiry of the passes of tickets.
func (q *WaitingRoom) Expired(tickets ...int64) {
	q.Counts.Active -= int64(len(tickets))
	q.Fact(&events.WaitingRoomExpired{Tickets: Ranges(tickets...), Count: int64(len(tickets)),
		WaitingRoomCounts: q.Counts})
}

// Finished appends the early end of the pass of a ticket.
func (q *WaitingRoom) Finished(ticket int64) {
	q.Counts.Active--
	q.Fact(&events.WaitingRoomFinished{Ticket: ticket, WaitingRoomCounts: q.Counts})
}

// FIFORoom returns the log of a room that admits visitors in order of arrival, with no rule broken.
func FIFORoom() *WaitingRoom {
	q := NewWaitingRoom()
	for i, holder := range strings.Fields("ann bob cy dee eve fay") {
		q.Joined(int64(i+1), events.Holder(holder))
	}
	q.Left(2, events.VisitorWaiting)
	q.Admitted(1, 3)
	q.Wait(time.Second)
	q.Admitted(4)
	q.Dropped(6)
	q.Joined(7, "bob") // a visitor who left may join again
	q.Finished(3)
	q.Wait(time.Second)
	q.Admitted(5)
	q.Left(4, events.VisitorAdmitted)
	q.Wait(58*time.Second + 1)
	q.Expired(1)
	q.Changed(func(s *events.WaitingRoomSettings) { s.Status, s.MaxActive = events.RoomClosed, 1 })
	q.Wait(time.Hour)
	q.Expired(5)
	q.Changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomOpen })
	q.Admitted(7)
	return q
}

// Draw returns the log of a shuffled opening with n early visitors and a late one, up to the draw.
func Draw(n int) *WaitingRoom {
	q := NewWaitingRoom(func(s *events.WaitingRoomSettings) {
		s.Order, s.SeedHash, s.OpensAt = events.RoomShuffle, HashOf(RoomSeed), NewForgery().Now.Add(time.Hour)
	})
	for i := range n {
		q.Joined(int64(i+1), events.Holder("h"+string(rune('a'+i))))
	}
	q.Wait(time.Hour + 1)
	q.Fact(&events.WaitingRoomBegun{Early: int64(n)})
	q.Joined(int64(n+1), "late")
	q.Fact(&events.WaitingRoomShuffled{Seed: hex.EncodeToString(RoomSeed), Early: int64(n)})
	return q
}
