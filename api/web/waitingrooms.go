package web

import (
	"io"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// WriteWaitingRooms writes the page of a list of waiting rooms in HTML. Errors: w's.
func WriteWaitingRooms(w io.Writer, f Frame, rooms []row.WaitingRoom) error {
	f.Title, f.Script, f.Place, f.Things = "Waiting rooms", "waitingrooms.js", "/waiting-rooms", "waiting rooms"
	return writeList(w, "waitingrooms.html", f, rooms)
}

// WriteWaitingRoom writes the page of one waiting room in HTML. Errors: w's.
func WriteWaitingRoom(w io.Writer, f Frame, room *row.WaitingRoom) error {
	f.Title, f.Script, f.Place = "Waiting room "+string(room.ID), "waitingroom.js", "/waiting-rooms"
	return f.write(w, "waitingroom.html", struct {
		Frame
		Room *row.WaitingRoom
	}{f, room})
}

// doorNotice returns why no visitor is admitted at a time, as the script does; "" if visitors
// are.
func doorNotice(room row.WaitingRoom, now time.Time) string {
	switch {
	case room.Status == events.RoomClosed:
		return "Closed"
	case now.Before(room.OpensAt):
		return "Not open yet"
	case room.AdmitPerSecond == 0:
		return "Paused"
	}
	return ""
}
