package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

func decodeOrderData(record []byte) (events.OrderData, error) {
	in := row.NewReader(record)
	o := in.OrderData()
	return o, in.Done()
}

// order applies a fact's changes to the order data of entries.
func (k *tournaments) order(id events.TournamentID, fact events.Fact) {
	switch f := fact.(type) {
	case *events.TournamentEntered:
		k.ordered(id, f.TeamIDs, &f.OrderData)
	case *events.TournamentWaitlisted:
		k.ordered(id, f.TeamIDs, &f.OrderData)
	case *events.TournamentWithdrawn:
		k.orders.delete(seatKey(id, f.TeamID))
	}
}

func (k *tournaments) ordered(id events.TournamentID, teams []events.TeamID, order *events.OrderData) {
	if order.IsZero() {
		return
	}
	for _, team := range teams {
		k.orders.set(seatKey(id, team), order)
	}
}

// EntryOrder returns the order data of a team's entry, the zero value for none. Errors: the disk's.
func (p *Projections) EntryOrder(id events.TournamentID, team events.TeamID) (events.OrderData, error) {
	if err := p.enter(); err != nil {
		return events.OrderData{}, err
	}
	defer p.leave()
	order, _, err := viewOf[*tournaments](p).orders.get(seatKey(id, team))
	return order, err
}
