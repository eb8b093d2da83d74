package waitingroom

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

const (
	s  = time.Second
	ms = time.Millisecond
	ns = time.Nanosecond
)

// seed is the seed of all shuffles.
var seed = []byte("0123456789abcdef0123456789abcdef")

func hashOf(seed []byte) string {
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:])
}

// fifo returns the settings of a room that admits perSecond, with up to active passes of a minute each,
// and a heartbeat of 10 s.
func fifo(perSecond, active int64) *Set {
	return &Set{ID: "r", Settings: events.WaitingRoomSettings{
		AdmitPerSecond: perSecond, MaxActive: active, ActiveSeconds: 60, HeartbeatSeconds: 10,
	}}
}

// shuffled returns the settings of a room with a shuffled opening after 10 s.
func shuffled(perSecond, active int64) *Set {
	cmd := fifo(perSecond, active)
	cmd.Settings.Order, cmd.Settings.OpensAt, cmd.Settings.SeedHash = events.RoomShuffle, day.Add(10*s), hashOf(seed)
	return cmd
}

// withSettings changes a command.
func withSettings(cmd *Set, change func(*events.WaitingRoomSettings)) *Set {
	change(&cmd.Settings)
	return cmd
}

// ifVersion sets the version of the settings that the caller has read.
func (cmd *Set) ifVersion(version int64) *Set {
	cmd.IfVersion = &version
	return cmd
}

func closed(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed }
func reopened(s *events.WaitingRoomSettings) {
	s.Status = events.RoomOpen
}
func openAfter(after time.Duration) func(*events.WaitingRoomSettings) {
	return func(s *events.WaitingRoomSettings) { s.OpensAt = day.Add(after) }
}

func join(holder events.Holder) *Join { return &Join{Holder: holder} }
func leave(ticket int64) *Leave {
	return &Leave{Ticket: ticket}
}
func drop(tickets ...int64) *Drop {
	cmd := &Drop{}
	for _, ticket := range tickets {
		cmd.Tickets = append(cmd.Tickets, events.TicketRange{From: ticket, To: ticket})
	}
	return cmd
}

var admit, expire, shuffle = &Admit{}, &core.Expire{}, &Shuffle{Seed: seed}

// describe describes a decision.
func describe(facts []events.Fact, err error) string {
	return coretest.Describe(facts, err, describeFact)
}

func describeFact(fact events.Fact) string {
	counts := func(c events.WaitingRoomCounts) string {
		return fmt.Sprintf("%d wait, %d in", c.Waiting, c.Active)
	}
	settings := func(s *events.WaitingRoomSettings) string {
		text := fmt.Sprintf("%s, %s, %d/s to %d for %d s", s.Status, s.Order, s.AdmitPerSecond, s.MaxActive, s.ActiveSeconds)
		if !s.OpensAt.IsZero() {
			text += fmt.Sprintf(" from %v", s.OpensAt.Sub(day))
		}
		return fmt.Sprintf("%s, version %d", text, s.Version)
	}
	tickets := func(ranges []events.TicketRange) string {
		var text []string
		for _, r := range ranges {
			if r.From == r.To {
				text = append(text, fmt.Sprint(r.From))
				continue
			}
			text = append(text, fmt.Sprintf("%d-%d", r.From, r.To))
		}
		return strings.Join(text, " ")
	}
	switch f := fact.(type) {
	case *events.WaitingRoomOpened:
		return fmt.Sprintf("opened %s: %s", f.RoomID, settings(&f.WaitingRoomSettings))
	case *events.WaitingRoomChanged:
		return fmt.Sprintf("changed: %s: %s", settings(&f.WaitingRoomSettings), counts(f.WaitingRoomCounts))
	case *events.WaitingRoomJoined:
		return fmt.Sprintf("%s has ticket %d: %s", f.Holder, f.Ticket, counts(f.WaitingRoomCounts))
	case *events.WaitingRoomBegun:
		return fmt.Sprintf("begun with %d", f.Early)
	case *events.WaitingRoomShuffled:
		return fmt.Sprintf("shuffled %d", f.Early)
	case *events.WaitingRoomAdmitted:
		return fmt.Sprintf("admitted %s until %v: %s", tickets(f.Tickets), f.ExpiresAt.Sub(day), counts(f.WaitingRoomCounts))
	case *events.WaitingRoomLeft:
		return fmt.Sprintf("%s %d left: %s", f.Was, f.Ticket, counts(f.WaitingRoomCounts))
	case *events.WaitingRoomDropped:
		return fmt.Sprintf("dropped %s: %s", tickets(f.Tickets), counts(f.WaitingRoomCounts))
	case *events.WaitingRoomExpired:
		return fmt.Sprintf("expired %s: %s", tickets(f.Tickets), counts(f.WaitingRoomCounts))
	case *events.WaitingRoomRun:
		return fmt.Sprintf("%s runs it as %s, term %d", f.Node, f.Run, f.Term)
	case *events.WaitingRoomFinished:
		return fmt.Sprintf("finished %d: %s", f.Ticket, counts(f.WaitingRoomCounts))
	}
	return fact.Name()
}

// row is a command at a time after day, and the expected decision.
type row struct {
	at   time.Duration
	cmd  core.Command
	want string
}

// rule is a named table, whose rows continue from each other.
type rule struct {
	name string
	rows []row
}

// check decides the commands of each table on a new room. Due deadlines need rows that expire them.
func check(t *testing.T, rules []rule) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			room := New()
			for i, row := range rule.rows {
				if got := coretest.Do(room, row.cmd, day.Add(row.at), describeFact); got != row.want {
					t.Fatalf("row %d: %T at %v:\n got %s\nwant %s", i+1, row.cmd, row.at, got, row.want)
				}
			}
		})
	}
}
