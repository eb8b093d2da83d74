package projections

import (
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

// waitingRoomModel generates valid facts of a waiting room.
type waitingRoomModel struct {
	id              events.RoomID
	settings        events.WaitingRoomSettings
	waiting, active []int64 // tickets
	joined          int64
	admitted        int64
}

func (p *waitingRoomModel) counts() events.WaitingRoomCounts {
	return events.WaitingRoomCounts{Waiting: int64(len(p.waiting)), Active: int64(len(p.active))}
}

// randomAction returns a possible next fact.
func (p *waitingRoomModel) randomAction(t *rapid.T) events.Fact {
	if p.settings.Version == 0 {
		p.settings = events.WaitingRoomSettings{AdmitPerSecond: 5, MaxActive: 3, ActiveSeconds: 60, HeartbeatSeconds: 10,
			Status: events.RoomOpen, Order: events.RoomFIFO, Version: 1}
		return &events.WaitingRoomOpened{RoomID: p.id, WaitingRoomSettings: p.settings}
	}
	takeFirst := func(tickets *[]int64) (first int64) {
		first, *tickets = (*tickets)[0], (*tickets)[1:]
		return first
	}
	only := func(ticket int64) []events.TicketRange { return []events.TicketRange{{From: ticket, To: ticket}} }
	switch action := rapid.SampledFrom([]string{"join", "join", "admit", "go", "drop", "end", "finish", "change"}).Draw(t,
		"what"); {
	case action == "admit" && len(p.waiting) > 0:
		ticket, now := takeFirst(&p.waiting), time.Unix(2_000_000_000, 0).UTC()
		p.active = append(p.active, ticket)
		p.admitted++
		return &events.WaitingRoomAdmitted{Tickets: only(ticket), Count: 1, Admitted: p.admitted, AdmittedAt: now,
			ExpiresAt: now.Add(time.Minute), WaitingRoomCounts: p.counts()}
	case action == "go" && len(p.waiting) > 0:
		ticket := takeFirst(&p.waiting)
		return &events.WaitingRoomLeft{Ticket: ticket, Was: events.VisitorWaiting, WaitingRoomCounts: p.counts()}
	case action == "drop" && len(p.waiting) > 0:
		ticket := takeFirst(&p.waiting)
		return &events.WaitingRoomDropped{Tickets: only(ticket), Count: 1, WaitingRoomCounts: p.counts()}
	case action == "end" && len(p.active) > 0:
		ticket := takeFirst(&p.active)
		return &events.WaitingRoomExpired{Tickets: only(ticket), Count: 1, WaitingRoomCounts: p.counts()}
	case action == "finish" && len(p.active) > 0:
		ticket := takeFirst(&p.active)
		return &events.WaitingRoomFinished{Ticket: ticket, WaitingRoomCounts: p.counts()}
	case action == "change":
		p.settings.MaxActive++
		p.settings.Version++
		return &events.WaitingRoomChanged{WaitingRoomSettings: p.settings, WaitingRoomCounts: p.counts()}
	}
	p.joined++
	p.waiting = append(p.waiting, p.joined)
	return &events.WaitingRoomJoined{Ticket: p.joined, Holder: "ada", WaitingRoomCounts: p.counts()}
}
