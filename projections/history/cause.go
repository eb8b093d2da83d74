package history

import (
	"context"
	"fmt"
	"strings"

	"admitone/events"
)

const (
	// maxCauses bounds the bookings that are searched for the causes of a page's lines, causePage
	// the events that are read of each booking.
	maxCauses = 200
	causePage = 64
)

// findCauses sets Because of the lines whose cause is another line of the page or a step of a booking: a step of a
// booking causes events of seats, allowances and wallets, and the booking's next step. A step is identified by its
// command.
func findCauses(ctx context.Context, store events.Store, page []Line) error {
	firstByCommand := map[string]events.Position{}
	record := func(command string, at events.Position) {
		if earliest, ok := firstByCommand[command]; command != "" && (!ok || at < earliest) {
			firstByCommand[command] = at
		}
	}
	for i := range page {
		record(page[i].CommandID, page[i].Position)
	}
	searched := map[events.StreamID]bool{}
	for i := range page {
		line := &page[i]
		if _, err := events.ParseID(line.CausationID); err != nil || line.CausationID == line.RequestID {
			continue // caused by a deadline or directly by a request
		}
		for _, booking := range line.bookings() {
			if _, known := firstByCommand[line.CausationID]; known || searched[booking] || len(searched) == maxCauses {
				break
			}
			searched[booking] = true
			steps, err := store.Read(ctx, booking, 0, events.Forward, causePage)
			if err != nil {
				return err
			}
			for j := range steps {
				m, err := events.ParseMetadata(steps[j].Metadata)
				if err != nil {
					return fmt.Errorf("position %d, %s@%d: %w", steps[j].Position, steps[j].Stream, steps[j].Revision, err)
				}
				record(m.CommandID, steps[j].Position)
			}
		}
		line.Because = firstByCommand[line.CausationID]
	}
	return nil
}

// bookings returns the bookings whose steps may have caused the event of a line.
func (l *Line) bookings() (all []events.StreamID) {
	if l.Stream.Category() == events.BookingCategory {
		return []events.StreamID{l.Stream}
	}
	for _, related := range l.Related {
		if id, ok := strings.CutPrefix(related, events.BookingCategory+"/"); ok {
			all = append(all, events.NewStreamID(events.BookingCategory, id))
		}
	}
	return all
}
