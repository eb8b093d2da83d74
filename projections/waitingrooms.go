package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		views:      "waitingroom.v1",
		categories: []string{events.WaitingRoomCategory},
		open:       func(p *Projections) kind { return newWaitingRooms(p) },
	})
}

// waitingRooms is the kind of lines before a sale: a row per room, and the topics
// "waiting-room:<id>".
type waitingRooms struct {
	rows  *table[row.WaitingRoom]
	topic *live.Kind
	delta live.WaitingRoomDelta // reused for every event
}

func newWaitingRooms(p *Projections) *waitingRooms {
	k := &waitingRooms{rows: newTable(p, "waitingroom", row.AppendWaitingRoom, row.DecodeWaitingRoom)}
	k.topic = live.NewKind("waiting-room", k.state)
	k.topic.Slowest = live.RoomFramesEvery
	return k
}

func (k *waitingRooms) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var room row.WaitingRoom
		if err := room.ApplyFact(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, room)
		return 0, nil
	}
	if err := entry.row.ApplyFact(e, fact); err != nil {
		return 0, err
	}
	k.rows.changed(entry)
	if t := k.topic.Watched(id); t != nil {
		k.delta = live.WaitingRoomDelta{WaitingRoom: entry.row, Cause: live.WaitingRoomCause(fact)}
		t.Change(entry.row.Position, &k.delta)
	}
	return 0, nil
}

func (k *waitingRooms) flush(b *pebble.Batch) error { return k.rows.flush(b) }

func (k *waitingRooms) reset() { k.rows.reset() }

func (k *waitingRooms) topics() []*live.Kind { return []*live.Kind{k.topic} }

func (k *waitingRooms) table() *table[row.WaitingRoom] { return k.rows }

// WaitingRoom returns the row of a waiting room, and whether it exists.
// Errors: the disk's.
func (p *Projections) WaitingRoom(id events.RoomID) (row.WaitingRoom, bool, error) {
	return rowOf(p, (*waitingRooms).table, string(id))
}

// WaitingRooms returns up to limit waiting rooms with ids above after, as
// [Projections.Products] does. Errors: the disk's.
func (p *Projections) WaitingRooms(after string, limit int) (page []row.WaitingRoom, next string, err error) {
	return pageOf(p, (*waitingRooms).table, after, limit, func(room *row.WaitingRoom) string { return string(room.ID) })
}

// state is called with the lock held.
func (k *waitingRooms) state(id string) (live.State, events.Position, error) {
	e, err := k.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return live.NewWaitingRoomState(e.row), e.row.Position, nil
}
