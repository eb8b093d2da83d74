package row

import (
	"context"

	"admitone/events"
)

// Roster is the fold of one tournament's stream with its entries. It is for past positions; the views
// have the current entries.
type Roster struct {
	Tournament
	entries map[events.TeamID]*Entry
	// orders has the order data of the entries that have any.
	orders map[events.TeamID]events.OrderData
	// slots and queue have place n at n-1; a vacated place is nil.
	slots, queue []*Entry
}

// RosterAt folds a tournament with its entries up to a position; nil if it did not exist by then.
// Errors: those of [Tournament.Apply]; the store's.
func RosterAt(ctx context.Context, store events.Store, id events.TournamentID, position events.Position,
) (*Roster, error) {
	return foldAt(ctx, store, events.NewStreamID(events.TournamentCategory, string(id)), position, (*Roster).Apply)
}

// Apply applies the next event of the tournament's stream, as [Product.Apply] does.
func (r *Roster) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	before := revisionOf(r.ID != "", r.Revision)
	if err := r.ApplyFact(e, fact); err != nil || r.Revision == before {
		return err
	}
	switch f := fact.(type) {
	case *events.TournamentEntered:
		r.add(e, events.EntryEntered, f.TeamIDs)
		r.setOrders(f.TeamIDs, &f.OrderData)
	case *events.TournamentWaitlisted:
		r.add(e, events.EntryWaitlisted, f.TeamIDs)
		r.setOrders(f.TeamIDs, &f.OrderData)
	case *events.TournamentPromoted:
		for _, teams := range f.Rows {
			r.remove(teams...)
			r.add(e, events.EntryEntered, teams)
		}
	case *events.TournamentWithdrawn:
		r.remove(f.TeamID)
		delete(r.orders, f.TeamID)
	}
	return nil
}

// places returns the places of a status.
func (r *Roster) places(status events.EntryStatus) *[]*Entry {
	if status == events.EntryEntered {
		return &r.slots
	}
	return &r.queue
}

func (r *Roster) add(e *events.Recorded, status events.EntryStatus, teams []events.TeamID) {
	if r.entries == nil {
		r.entries = map[events.TeamID]*Entry{}
	}
	places, group := r.places(status), int64(0)
	if status == events.EntryWaitlisted && len(teams) > 1 {
		group = int64(len(*places)) + 1
	}
	for _, team := range teams {
		entry := &Entry{
			TournamentID: r.ID, TeamID: team, Status: status, Group: group,
			Revision: e.Revision, Position: e.Position, Since: e.Created, Number: int64(len(*places)) + 1,
		}
		r.entries[team] = entry
		*places = append(*places, entry)
	}
}

func (r *Roster) remove(teams ...events.TeamID) {
	for _, team := range teams {
		if entry := r.entries[team]; entry != nil {
			(*r.places(entry.Status))[entry.Number-1] = nil
			delete(r.entries, team)
		}
	}
}

// setOrders records the order data of entries.
func (r *Roster) setOrders(teams []events.TeamID, order *events.OrderData) {
	if order.IsZero() {
		return
	}
	if r.orders == nil {
		r.orders = map[events.TeamID]events.OrderData{}
	}
	for _, team := range teams {
		r.orders[team] = *order
	}
}

// Order returns the order data of a team's entry, zero for none.
func (r *Roster) Order(teamID events.TeamID) events.OrderData { return r.orders[teamID] }

// Entry returns a team's entry, and whether it has one.
func (r *Roster) Entry(teamID events.TeamID) (Entry, bool) {
	entry := r.entries[teamID]
	if entry == nil {
		return Entry{}, false
	}
	copied := *entry
	if copied.Status == events.EntryWaitlisted {
		copied.Place = countTaken(r.queue[:copied.Number])
	}
	return copied, true
}

// countTaken counts the places that are not vacated.
func countTaken(places []*Entry) (n int64) {
	for _, entry := range places {
		if entry != nil {
			n++
		}
	}
	return n
}

// Entries returns a page of up to limit entries of one status: entered teams in order of entry, waiting teams in
// order of the waitlist. after is the cursor of the page, 0 for the first one. next is that of the next page, 0 on the
// last.
func (r *Roster) Entries(status events.EntryStatus, after uint64, limit int) (page []Entry, next uint64) {
	places := *r.places(status)
	from := min(after, uint64(len(places)))
	place := countTaken(places[:from])
	for _, entry := range places[from:] {
		if entry == nil {
			continue
		}
		if len(page) == limit {
			return page, uint64(page[limit-1].Number)
		}
		copied := *entry
		if place++; status == events.EntryWaitlisted {
			copied.Place = place
		}
		page = append(page, copied)
	}
	return page, 0
}
