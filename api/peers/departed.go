package peers

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

const (
	// departedFor is how long a node that went away is remembered.
	departedFor = 10 * time.Minute
	// maxDeparted bounds the nodes that are remembered.
	maxDeparted = 32
)

// The states of a departed node.
const (
	Left State = "left" // it announced that it was about to stop
	Lost State = "lost" // it died, froze or can't be reached
)

// Departed is a node that went away, as it last announced itself. Its state is Left or Lost.
type Departed struct {
	Member
	// At is when this node noticed.
	At time.Time
}

// Departed returns the nodes that went away in the last ten minutes and did not return, the last one first.
func (p *Peers) Departed() []Departed {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.departed = slices.DeleteFunc(p.departed, func(d Departed) bool { return time.Since(d.At) > departedFor })
	all := slices.Clone(p.departed)
	slices.Reverse(all)
	return all
}

// noteChanges records and logs the nodes that join and leave, and whose keys differ, when others replaces the other
// nodes. The caller holds mu.
func (p *Peers) noteChanges(others []Member) {
	for i := range p.others {
		name := p.others[i].Name
		if !slices.ContainsFunc(others, func(m Member) bool { return m.Name == name }) {
			p.noteDeparture(p.others[i])
		}
	}
	for i := range others {
		p.noteArrival(&others[i])
		p.noteKeys(&others[i])
	}
}

// noteDeparture records and logs a node that went away. The caller holds mu.
func (p *Peers) noteDeparture(m Member) {
	if m.State == Draining {
		m.State = Left
		p.logMember(slog.LevelInfo, "a node left", &m)
	} else {
		m.State = Lost
		p.logMember(slog.LevelWarn, "a node was lost: it no longer answers", &m)
	}
	p.departed = append(p.departed, Departed{Member: m, At: time.Now()})
	p.departed = p.departed[max(0, len(p.departed)-maxDeparted):]
}

// noteArrival records and logs a node if it was not among the other nodes before. The caller holds mu.
func (p *Peers) noteArrival(m *Member) {
	lastRun := "" // the last known run of the node with this name
	for i := range p.others {
		if p.others[i].Name == m.Name {
			lastRun = p.others[i].Run
		}
	}
	if lastRun == m.Run {
		return
	}
	p.departed = slices.DeleteFunc(p.departed, func(d Departed) bool {
		if d.Name != m.Name {
			return false
		}
		lastRun = d.Run
		return true
	})
	message := "a node was restarted"
	switch lastRun {
	case "":
		message = "a node joined"
	case m.Run:
		message = "a node is back"
	}
	p.logMember(slog.LevelInfo, message, m)
}

func (p *Peers) logMember(level slog.Level, message string, m *Member, more ...any) {
	p.config.Logger.With("node", m.Name, "address", m.HTTP, "version", m.Version).
		Log(context.Background(), level, message, more...)
}
