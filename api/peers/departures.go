package peers

import (
	"slices"
	"time"

	"admitone/actors/placement"
)

const (
	// departureAge is how long a departure is remembered, maxDepartures how many of them.
	departureAge  = 10 * time.Minute
	maxDepartures = 32
)

// Departure is a node that is no longer a member.
type Departure struct {
	Member
	// Left is true for a node that was stopped in order, and false for one that is no longer heard.
	Left bool
	At   time.Time
}

// Departures returns the nodes that departed within departureAge and are not back, the most recent first.
func (p *Peers) Departures() []Departure {
	p.mu.Lock()
	defer p.mu.Unlock()
	var recent []Departure
	for _, d := range slices.Backward(p.departed) {
		if time.Since(d.At) < departureAge {
			recent = append(recent, d)
		}
	}
	return recent
}

// noteChanges records and logs which nodes have joined, left and been lost. The caller holds mu.
func (p *Peers) noteChanges(others []Member) {
	for i := range p.others {
		if old := &p.others[i]; named(others, old.Name) == nil {
			p.noteDeparture(old)
		}
	}
	for i := range others {
		switch m, old := &others[i], named(p.others, others[i].Name); {
		case old == nil:
			p.noteArrival(m)
		case old.Run != m.Run:
			p.config.Logger.Info("a node was restarted", "node", m.Name, "address", m.HTTP, "version", m.Version)
		}
	}
}

// noteDeparture records a node that is no longer a member. The caller holds mu.
func (p *Peers) noteDeparture(m *Member) {
	left := m.State == Draining
	p.departed = append(p.departed, Departure{Member: *m, Left: left, At: time.Now()})
	if excess := len(p.departed) - maxDepartures; excess > 0 {
		p.departed = slices.Delete(p.departed, 0, excess)
	}
	if left {
		p.config.Logger.Info("a node left", "node", m.Name, "address", m.HTTP)
		return
	}
	p.config.Logger.Warn("a node is lost: it did not leave, and no node hears it; others take over its share", "node",
		m.Name, "address", m.HTTP)
}

// noteArrival forgets the departure of a node that is a member now. The caller holds mu.
func (p *Peers) noteArrival(m *Member) {
	before := len(p.departed)
	p.departed = slices.DeleteFunc(p.departed, func(d Departure) bool { return d.Name == m.Name })
	message := "a node joined"
	if len(p.departed) < before {
		message = "a node is back"
	}
	p.config.Logger.Info(message, "node", m.Name, "address", m.HTTP, "version", m.Version)
}

// named returns the member with a name, nil if there is none.
func named(members []Member, name placement.Member) *Member {
	if i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name }); i >= 0 {
		return &members[i]
	}
	return nil
}
