package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"admitone/actors"
	"admitone/actors/waitingroom"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
	"admitone/events/embedded"
)

// waitingVisitors is the number of visitors who wait in the large room.
const waitingVisitors = 1_000_000

// largeRoom has the settings of a room that admits almost no visitor and is polled once an hour by each, so that no
// single poll comes too soon.
var largeRoom = events.WaitingRoomSettings{
	AdmitPerSecond:   1,
	MaxActive:        100_000,
	ActiveSeconds:    3600,
	HeartbeatSeconds: 3600,
	Status:           events.RoomOpen,
	Order:            events.RoomFIFO,
	Version:          1,
}

// waitingHolder returns the holder of a ticket.
func waitingHolder(ticket int) events.Holder { return events.Holder(fmt.Sprint("holder-", ticket)) }

// fillRoom writes the log of a room "large" with waiting visitors, with the same events as the room itself would.
func fillRoom(dir string, settings events.WaitingRoomSettings, visitors int) error {
	store, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	stream, revision, hash := waitingroom.Stream("large"), events.NoStream, events.Hash{}
	at := time.Now()
	var batch []events.Event
	add := func(fact events.Fact) {
		id := string(actors.NewCommandID())
		e := events.Event{ID: events.EventID(id, 0), Type: fact.Name(), Fact: fact, Data: events.AppendFact(nil, fact)}
		e.Metadata, hash = events.Seal(nil, hash, stream, revision+events.Revision(len(batch))+1, &e,
			&events.Metadata{CommandID: id, CorrelationID: id, CausationID: id, Actor: "holder", At: at})
		batch = append(batch, e)
	}
	add(&events.WaitingRoomOpened{RoomID: "large", WaitingRoomSettings: settings})
	for ticket := 1; ticket <= visitors; ticket++ {
		add(
			&events.WaitingRoomJoined{
				Ticket:            int64(ticket),
				Holder:            waitingHolder(ticket),
				WaitingRoomCounts: events.WaitingRoomCounts{Waiting: int64(ticket)},
			},
		)
		if len(batch) < rawBatch && ticket < visitors {
			continue
		}
		appended, err := store.Append(context.Background(), stream, revision, batch)
		if err != nil {
			return err
		}
		revision, batch = appended.Revision, nil
	}
	return nil
}

// newPassKeys writes new pass keys to a server's directory, and returns them.
func newPassKeys(dir string) (*pass.Keyring, error) {
	ring, err := pass.NewKeyring(pass.NewKey(1))
	if err != nil {
		return nil, err
	}
	return ring, os.WriteFile(filepath.Join(dir, "passes.key"), ring.Format(), 0o600)
}

// visitorOf returns the visitor id of a ticket of the large room.
func visitorOf(ring *pass.Keyring, ticket int) string {
	return ring.VisitorID("large", pass.Visitor{Ticket: int64(ticket), Holder: pass.HolderOf(waitingHolder(ticket))})
}

// pollScript polls for one visitor after another. Its arguments are a file with a visitor id per line, and the path
// before the id.
const pollScript = `local made, n = {}, 0
function init()
  for visitor in io.lines(%q) do made[#made + 1] = wrk.format("GET", %q .. visitor) end
end
function request()
  n = n + 1
  return made[n] or made[1]
end
`

// pollers polls for each visitor once, in the order of tickets.
type pollers struct {
	workload
	ring    *pass.Keyring
	tickets []int
}

// measure makes visitors poll for one of the remaining turns.
func (p *pollers) measure(b *bench, s *server, turns int) (err error) {
	expected := len(p.tickets) / turns
	var ids strings.Builder
	for _, ticket := range p.tickets[:expected] {
		ids.WriteString(visitorOf(p.ring, ticket))
		ids.WriteByte('\n')
	}
	file := filepath.Join(b.dir, "visitors")
	if err := os.WriteFile(file, []byte(ids.String()), 0o600); err != nil {
		return err
	}
	if p.result, err = b.wrkWith(s, p.path, fmt.Sprintf(pollScript, file, p.path)); err != nil {
		return err
	}
	if p.result.refused > 0 || p.result.count+connections > expected { // a second poll of a visitor is refused
		return fmt.Errorf("%d of %d polls were refused; %d visitors were available to poll", p.result.refused,
			p.result.count, expected)
	}
	p.tickets = p.tickets[p.result.count+connections:] // those in progress at the end may have polled
	p.rates = append(p.rates, p.result.rate)
	p.cpu = append(p.cpu, float64(p.result.cpu.Nanoseconds())/1000)
	return nil
}

// measureWaitingRoom compares polls and joins, while a million visitors wait, with requests to /yardstick, a route
// that only decodes and answers. The polls are for random visitors, and none comes too soon.
func measureWaitingRoom(b *bench) ([]row, error) {
	short := *b
	short.duration = min(b.duration, 3*time.Second) // otherwise visitors would have to poll twice
	dir := filepath.Join(b.dir, "waiting")
	if err := fillRoom(dir, largeRoom, waitingVisitors); err != nil {
		return nil, err
	}
	ring, err := newPassKeys(dir)
	if err != nil {
		return nil, err
	}
	s, err := b.serve(dir)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.settle(); err != nil {
		return nil, err
	}
	const many = 1_000_000_000
	yardstick := &workload{name: "yardstick", path: "/yardstick", last: many, body: `{"holder":"h-%d"}`}
	joins := &workload{path: "/v1/waiting-rooms/large/visitors", last: many, body: `{"holder":"h-%d"}`}
	polls := &pollers{
		workload: workload{path: "/v1/waiting-rooms/large/visitors/"},
		ring:     ring,
		tickets:  rand.Perm(waitingVisitors),
	}
	for i := range polls.tickets {
		polls.tickets[i]++
	}
	if err := yardstick.measure(&short, s, false); err != nil { // a warm-up, and an estimate
		return nil, err
	}
	joins.result = yardstick.result
	yardstick.rates, yardstick.cpu = nil, nil
	if err := s.get(polls.path+visitorOf(ring, polls.tickets[waitingVisitors-1]), nil); err != nil {
		return nil, err
	}
	for turn := range b.turns {
		err := yardstick.measure(&short, s, false)
		if err == nil {
			err = polls.measure(&short, s, b.turns-turn)
		}
		if err == nil {
			err = joins.measure(&short, s, false)
		}
		if err != nil {
			return nil, err
		}
	}
	figures := func(w *workload) string {
		return fmt.Sprintf(
			"%s; p50 %s, p99 %s; %.1f µs of CPU each (yardstick %s, %.1f)",
			spread(w.rates, "%.0f/s"),
			w.result.p50,
			w.result.p99,
			median(w.cpu),
			spread(yardstick.rates, "%.0f/s"),
			median(yardstick.cpu),
		)
	}
	return []row{
		{fmt.Sprintf("polls of a waiting room in which a million wait, %d connections", connections),
			figures(&polls.workload), ""},
		{"… as a share of the yardstick", spread(ratios(polls.rates, yardstick.rates), "%.2f"), "≥ 0.80"},
		{"joins of the same room, durable", figures(joins), ""},
		{"… as a share of the yardstick", spread(ratios(joins.rates, yardstick.rates), "%.2f"), "≥ 0.40"},
	}, nil
}
