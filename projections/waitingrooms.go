package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const waitingRoomCategory = "waitingroom"

func init() {
	register(registration{
		views:      "waitingroom.v1",
		categories: []string{waitingRoomCategory},
		open:       func(p *Projections) kind { return newWaitingRooms(p) },
	})
}

// waitingRooms is the kind of lines before a sale: a row per room, and the topics
// "waiting-room:<id>".
type waitingRooms struct {
	rows  *table[WaitingRoom]
	topic *topicKind
	delta WaitingRoomDelta // reused for every event
}

func newWaitingRooms(p *Projections) *waitingRooms {
	k := &waitingRooms{rows: newTable(p, "waitingroom", appendWaitingRoom, decodeWaitingRoom)}
	k.topic = newTopicKind("waiting-room", k.state)
	k.topic.slowest = roomFramesEvery
	return k
}

func (k *waitingRooms) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var row WaitingRoom
		if err := row.apply(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, row)
		return 0, nil
	}
	if err := entry.row.apply(e, fact); err != nil {
		return 0, err
	}
	k.rows.changed(entry)
	if t := k.topic.watched(id); t != nil {
		k.delta = WaitingRoomDelta{WaitingRoom: entry.row, Cause: waitingRoomCause(fact)}
		t.change(entry.row.Position, &k.delta)
	}
	return 0, nil
}

func (k *waitingRooms) flush(b *pebble.Batch) error { return k.rows.flush(b) }

func (k *waitingRooms) reset() { k.rows.reset() }

func (k *waitingRooms) topics() []*topicKind { return []*topicKind{k.topic} }

func (k *waitingRooms) table() *table[WaitingRoom] { return k.rows }

// WaitingRoom returns the row of a waiting room, and whether it exists.
// Errors: the disk's.
func (p *Projections) WaitingRoom(id string) (WaitingRoom, bool, error) {
	return rowOf(p, (*waitingRooms).table, id)
}

// WaitingRooms returns up to limit waiting rooms with ids above after, as
// [Projections.Products] does. Errors: the disk's.
func (p *Projections) WaitingRooms(after string, limit int) (page []WaitingRoom, next string, err error) {
	return pageOf(p, (*waitingRooms).table, after, limit, func(row *WaitingRoom) string { return row.ID })
}
