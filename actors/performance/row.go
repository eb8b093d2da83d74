package performance

import (
	"strconv"
	"strings"

	"admitone/events"
)

// FindRow returns the seats [first, end) of the row named <section>-<row>. ok is false if there is
// no such row.
func FindRow(layout *events.Layout, name string) (first, end Seat, ok bool) {
	if hall := layout.Hall(); hall != nil {
		row, ok := hall.FindRow(name)
		if !ok {
			return 0, 0, false
		}
		return hall.Rows()[row].First, hall.Rows()[row].End, true
	}
	dash := strings.LastIndexByte(name, '-')
	if dash < 1 {
		return 0, 0, false
	}
	section, number := layout.Section(events.SectionID(name[:dash])), name[dash+1:]
	row, err := strconv.ParseInt(number, 10, 64)
	if section < 0 || err != nil || row < 1 || strconv.FormatInt(row, 10) != number {
		return 0, 0, false
	}
	if row > layout.Sections()[section].Rows {
		return 0, 0, false
	}
	first, end = layout.Row(section, int(row)-1)
	return first, end, true
}
