package main

import (
	"context"
	"errors"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/actors/wallet"
	"admitone/events"
)

// demoProducts are what serve --demo puts on sale. Their ids are numbers, as in the
// first seed.
var demoProducts = []product.Create{
	{ID: "1", Name: "Concert ticket, standing", Stock: 100, Price: 4900, HoldSeconds: 300},
	{ID: "2", Name: "Meet and greet", Stock: 5, Price: 15000, LimitPerHolder: 1, HoldSeconds: 120, WaitingRoom: demoRoom},
	{ID: "3", Name: "Tour T-shirt", Stock: 250, Price: 2500, HoldSeconds: 300},
	{ID: "4", Name: "The last signed poster", Stock: 1, Price: 9900, HoldSeconds: 60},
}

// demoRoom lets one in at a time, for two minutes.
const demoRoom = "meet-and-greet"

var demoDoor = events.WaitingRoomSettings{AdmitPerSecond: 1, MaxActive: 1, ActiveSeconds: 120, HeartbeatSeconds: 15}

// demoTournament is what teams can sign up for: nearly full, so that the waitlist is
// a click away.
var demoTournament = tournament.Create{
	ID: "winter-cup", Name: "Winter cup", TeamLimit: 4, Waitlist: true, Rule: events.WaitlistStrict,
	RegisterDeadline: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
}

// demoTeams have entered it.
var demoTeams = []team.Register{{ID: "owls", Name: "The Night Owls"}, {ID: "foxes", Name: "Red Foxes"}, {ID: "herons", Name: "Grey Herons"}}

// demoPerformance has numbered seats in two sections.
var demoPerformance = performance.Create{
	ID: "winterreise", Title: "Winterreise", Venue: "Town hall", HoldSeconds: 300, LimitPerHolder: 8,
	StartsAt: time.Date(2100, 1, 1, 20, 0, 0, 0, time.UTC),
	Sections: []events.Section{
		{ID: "A", DisplayName: "Stalls", Rows: 12, SeatsPerRow: 20, Price: 6900},
		{ID: "B", DisplayName: "Balcony", Rows: 6, SeatsPerRow: 16, Price: 3900},
	},
}

// demoHolder is whose wallet the demo fills, with demoBalance in minor units.
const (
	demoHolder  = "demo"
	demoBalance = 50000
)

// demonstrate makes what the demo shows. What exists already stays as it is.
func (p *program) demonstrate(ctx context.Context) error {
	for _, d := range demoProducts {
		if err := p.hand(ctx, product.Stream(d.ID), &d); err != nil {
			return err
		}
	}
	if err := p.openRoom(ctx); err != nil {
		return err
	}
	concert := demoPerformance
	if err := p.hand(ctx, performance.Stream(concert.ID), &concert); err != nil {
		return err
	}
	if err := p.fillWallet(ctx); err != nil {
		return err
	}
	fresh, err := p.isNew(ctx, tournament.Stream(demoTournament.ID))
	if err != nil || !fresh {
		return err // who has withdrawn since does not come back by itself
	}
	for _, d := range demoTeams {
		if err := p.hand(ctx, team.Stream(d.ID), &d); err != nil {
			return err
		}
	}
	create := demoTournament
	if err := p.hand(ctx, tournament.Stream(create.ID), &create); err != nil {
		return err
	}
	for _, d := range demoTeams {
		if err := p.hand(ctx, tournament.Stream(create.ID), &tournament.Enter{TeamIDs: []string{d.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// openRoom sets the demo's waiting room up, once.
func (p *program) openRoom(ctx context.Context) error {
	fresh, err := p.isNew(ctx, waitingroom.Stream(demoRoom))
	if err != nil || !fresh {
		return err
	}
	id := actors.NewCommandID()
	_, err = p.rooms.Set(ctx, demoRoom, demoDoor, nil, actors.Request{ID: id, CorrelationID: string(id), CausationID: "demo", Actor: "demo"})
	return err
}

// fillWallet charges the demo's wallet, once.
func (p *program) fillWallet(ctx context.Context) error {
	fresh, err := p.isNew(ctx, wallet.Stream(demoHolder))
	if err != nil || !fresh {
		return err
	}
	return p.hand(ctx, wallet.Stream(demoHolder), &wallet.Charge{ID: "demo", Amount: demoBalance})
}

// isNew says that nothing has ever happened in a stream.
func (p *program) isNew(ctx context.Context, stream events.StreamID) (bool, error) {
	answer, err := p.desk.View(ctx, stream, func(core.Core) {})
	return answer.Revision == events.NoStream, err
}

// hand hands in a command of the demo's, unless it has been done before.
func (p *program) hand(ctx context.Context, stream events.StreamID, command core.Command) error {
	id := actors.NewCommandID()
	_, err := p.desk.Ask(ctx, actors.Request{
		Stream: stream, Command: command, ID: id, CorrelationID: string(id), CausationID: "demo", Actor: "demo",
	})
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && (refusal.Code == "already_exists" || refusal.Code == "already_entered") {
		return nil
	}
	return err
}
