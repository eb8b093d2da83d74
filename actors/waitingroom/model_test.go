package waitingroom

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// model is a naive model of a room, with visitors by ticket and tickets in the order of the line.
type model struct {
	settings events.WaitingRoomSettings
	visitors []*visitor // by ticket, from 1
	line     []int64    // all tickets, also ended ones
	begun    bool
	early    int
	shuffled bool
	past     []admission // all admissions
	term     int64
	run      string
}

type visitor struct {
	holder  events.Holder
	status  events.VisitorStatus
	expires time.Time
}

func (m *model) count(status events.VisitorStatus) (n int64) {
	for _, v := range m.visitors {
		if v.status == status {
			n++
		}
	}
	return n
}

// advance begins the opening and expires passes that are due.
func (m *model) advance(now time.Time) {
	if m.settings.Order == events.RoomShuffle && !m.begun && m.settings.OpensAt.Before(now) {
		m.begun, m.early = true, len(m.visitors)
	}
	for _, v := range m.visitors {
		if v.status == events.VisitorAdmitted && v.expires.Before(now) {
			v.status = events.VisitorExpired
		}
	}
}

// decide applies cmd and returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command, now time.Time) string {
	switch c := cmd.(type) {
	case *Set:
		return m.set(c)
	case *Join:
		return m.join(c)
	case *Leave:
		return m.end(c.Ticket, events.VisitorLeft, events.VisitorWaiting, events.VisitorAdmitted)
	case *Finish:
		return m.end(c.Ticket, events.VisitorLeft, events.VisitorAdmitted)
	case *TakeOver:
		if c.Term == m.term && c.Run != m.run {
			m.term, m.run = m.term+1, c.Run
		}
	case *Drop:
		if c.Term != m.term {
			return "not_runner"
		}
		last := int64(0)
		for ticket := range events.Tickets(c.Tickets) {
			if ticket > last && ticket <= int64(len(m.visitors)) && m.visitors[ticket-1].status == events.VisitorWaiting {
				m.visitors[ticket-1].status, last = events.VisitorExpired, ticket
			}
		}
	case *Admit:
		m.admit(now)
	case *Shuffle:
		return m.shuffle(c)
	}
	return ""
}

func (m *model) set(c *Set) string {
	next, was := c.settings(m.settings), m.settings
	shuffles := next.Order == events.RoomShuffle
	switch {
	case m.shuffled && (!shuffles || !next.OpensAt.Equal(was.OpensAt) || next.SeedHash != was.SeedHash):
		return "invalid_field"
	case shuffles && len(m.visitors) > 0 && (was.Order != events.RoomShuffle || next.SeedHash != was.SeedHash):
		return "invalid_field"
	case shuffles && len(m.visitors) > 0 && m.begun && !next.OpensAt.Equal(was.OpensAt):
		return "invalid_field"
	case *c.IfVersion != was.Version:
		return "stale_revision"
	}
	if next != was {
		m.settings = next
		m.settings.Version++
	}
	if !shuffles {
		m.begun, m.early = false, 0
	}
	return ""
}

func (m *model) join(c *Join) string {
	for _, v := range m.visitors {
		if v.holder == c.Holder && (v.status == events.VisitorWaiting || v.status == events.VisitorAdmitted) {
			return ""
		}
	}
	if m.settings.Status == events.RoomClosed {
		return "room_closed"
	}
	m.visitors = append(m.visitors, &visitor{holder: c.Holder, status: events.VisitorWaiting})
	m.line = append(m.line, int64(len(m.visitors)))
	return ""
}

func (m *model) end(ticket int64, as events.VisitorStatus, from ...events.VisitorStatus) string {
	if ticket < 1 || ticket > int64(len(m.visitors)) {
		return "not_found"
	}
	if v := m.visitors[ticket-1]; slices.Contains(from, v.status) {
		v.status = as
	}
	return ""
}

func (m *model) admit(now time.Time) {
	if m.settings.Status == events.RoomClosed || now.Before(m.settings.OpensAt) ||
		m.settings.Order == events.RoomShuffle && !m.shuffled {
		return
	}
	admitted := int64(0)
	for _, ticket := range m.line {
		v := m.visitors[ticket-1]
		if v.status != events.VisitorWaiting {
			continue
		}
		inSecond, inTenth := admitted, admitted
		for _, a := range m.past {
			if now.Sub(time.Unix(0, a.At)) < time.Second {
				inSecond += a.Count
			}
			if now.Sub(time.Unix(0, a.At)) < 100*time.Millisecond {
				inTenth += a.Count
			}
		}
		tenth := (m.settings.AdmitPerSecond + 7) / 8
		if inSecond >= m.settings.AdmitPerSecond || inTenth >= tenth ||
			m.count(events.VisitorAdmitted) >= m.settings.MaxActive {
			break
		}
		v.status, v.expires = events.VisitorAdmitted, now.Add(time.Duration(m.settings.ActiveSeconds)*time.Second)
		admitted++
	}
	if admitted > 0 {
		m.past = append(m.past, admission{At: now.UnixNano(), Count: admitted})
	}
}

func (m *model) shuffle(c *Shuffle) string {
	switch {
	case m.settings.Order != events.RoomShuffle || m.shuffled || !m.begun:
		return ""
	case hashOf(c.Seed) != m.settings.SeedHash:
		return "invalid_field"
	}
	m.shuffled = true
	for i, ticket := range events.ShuffledTickets(c.Seed, m.early) {
		m.line[i] = int64(ticket)
	}
	return ""
}

// places returns the places by ticket.
func (m *model) places() (places []Place) {
	undrawn := 0
	if m.settings.Order == events.RoomShuffle && !m.shuffled {
		undrawn = m.early
		if !m.begun {
			undrawn = len(m.visitors)
		}
	}
	for _, v := range m.visitors {
		p := Place{Status: v.status}
		if v.status == events.VisitorAdmitted {
			p.ExpiresAt = v.expires
		}
		places = append(places, p)
	}
	number := int64(0)
	for _, ticket := range m.line {
		if m.visitors[ticket-1].status != events.VisitorWaiting {
			continue
		}
		if number++; ticket > int64(undrawn) {
			places[ticket-1].Number = number
		}
	}
	return places
}

// inLine returns the waiting tickets, in order.
func (m *model) inLine() (tickets []int64) {
	for _, ticket := range m.line {
		if m.visitors[ticket-1].status == events.VisitorWaiting {
			tickets = append(tickets, ticket)
		}
	}
	return tickets
}
