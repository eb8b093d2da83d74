package history

import (
	"context"
	"testing"

	"admitone/events"
)

// products is the log of one product with sales of one unit each.
type products struct {
	events.Store
	log []events.Recorded
}

func (s *products) sell(holder events.Holder, times int) {
	for range times {
		fact := &events.ProductReserved{
			ReservationID: events.ReservationID(events.EventID("reservation", len(s.log)).String()),
			Holder:        holder,
			Quantity:      1,
		}
		e := events.Recorded{
			Event:  events.Event{ID: events.EventID("sold", len(s.log)), Type: fact.Name(), Data: events.AppendFact(nil, fact)},
			Stream: "product-a", Revision: events.Revision(len(s.log)), Position: events.Position(len(s.log) + 1),
		}
		e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event,
			&events.Metadata{Actor: string(holder)})
		s.log = append(s.log, e)
	}
}

func (s *products) ReadAll(
	_ context.Context, after events.Position, _ events.Direction, limit int,
) ([]events.Recorded, error) {
	rest := s.log[after:]
	return rest[:min(limit, len(rest))], nil
}

// Read returns no settings.
func (s *products) Read(
	context.Context, events.StreamID, events.Revision, events.Direction, int,
) ([]events.Recorded, error) {
	return nil, nil
}

// TestHolderHistoryIsBounded: a page examines a bounded number of events.
func TestHolderHistoryIsBounded(t *testing.T) {
	s := &products{}
	s.sell("crowd", maxScanned+2001)
	s.sell("ada", 1)
	page, next, more, err := Read(t.Context(), s, "holder", "ada", 0, 10)
	if err != nil || len(page) != 0 || !more || next < maxScanned || next > maxScanned+scanSize {
		t.Fatalf("the first page: %d lines, next %d, more %v, %v; want none, after about %d events", len(page), next, more,
			err, maxScanned)
	}
	if page, _, more, err = Read(t.Context(), s, "holder", "ada", next, 10); err != nil || len(page) != 1 || more {
		t.Errorf("the second page: %d lines, more %v, %v; want 1 and no more", len(page), more, err)
	}
}
