package projections

import (
	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	registerRows(rowConfig[row.WaitingRoom]{
		version:  "waitingroom.v1",
		category: events.WaitingRoomCategory,
		encode:   row.AppendWaitingRoom,
		decode:   row.DecodeWaitingRoom,
		apply:    (*row.WaitingRoom).ApplyFact,
		position: func(room *row.WaitingRoom) events.Position { return room.Position },
		topics:   live.WaitingRoomTopics,
	})
}

// WaitingRoom returns the row of a waiting room, and whether it exists.
// Errors: the disk's.
func (p *Projections) WaitingRoom(id events.RoomID) (row.WaitingRoom, bool, error) {
	return rowOf(p, (*rowView[row.WaitingRoom]).table, string(id))
}

// WaitingRooms returns up to limit waiting rooms with ids above after, as
// [Projections.Products] does. Errors: the disk's.
func (p *Projections) WaitingRooms(after string, limit int) (page []row.WaitingRoom, next string, err error) {
	return pageOf(p, (*rowView[row.WaitingRoom]).table, after, limit,
		func(room *row.WaitingRoom) string { return string(room.ID) })
}
