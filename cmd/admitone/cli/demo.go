package cli

import (
	"context"
	"errors"
	"time"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/actors/wallet"
	"admitone/events"
)

// demoProducts are put on sale by serve --demo. Clients of the short dialect expect numbers as ids.
var demoProducts = []product.Create{
	{ID: "1", Name: "Concert ticket, standing", Stock: 100, Price: 4900, HoldSeconds: 300},
	{ID: "2", Name: "Meet and greet", Stock: 5, Price: 15000, LimitPerHolder: 1, HoldSeconds: 120, WaitingRoom: demoRoom},
	{ID: "3", Name: "Tour T-shirt", Stock: 250, Price: 2500, HoldSeconds: 300},
	{ID: "4", Name: "The last signed poster", Stock: 1, Price: 9900, HoldSeconds: 60},
}

// demoRoom admits one visitor at a time, for two minutes.
const demoRoom = "meet-and-greet"

var demoDoor = events.WaitingRoomSettings{AdmitPerSecond: 1, MaxActive: 1, ActiveSeconds: 120, HeartbeatSeconds: 15}

// demoTournament is nearly full, so that the waitlist is one click away.
var demoTournament = tournament.Create{
	ID: "winter-cup", Name: "Winter cup", TeamLimit: 4, Waitlist: true, Rule: events.WaitlistStrict,
	RegisterDeadline: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
}

// demoTeams have entered the tournament.
var demoTeams = []team.Register{{ID: "owls", Name: "The Night Owls"}, {ID: "foxes", Name: "Red Foxes"},
	{ID: "herons", Name: "Grey Herons"}}

// demoPerformance is in the hall of demoPlan.
var demoPerformance = performance.Create{
	ID: "winterreise", Title: "Winterreise", Venue: "Town hall", HoldSeconds: 300, LimitPerHolder: 8,
	StartsAt: time.Date(2100, 1, 1, 20, 0, 0, 0, time.UTC),
}

// demoHolder is the holder of the demo's wallet, and demoBalance its balance in minor units.
const (
	demoHolder  = "demo"
	demoBalance = 50000
)

// demonstration creates the entities of serve --demo in a running server.
type demonstration struct {
	desk  *actors.Desk
	rooms *admission.Rooms
}

// create creates everything. It leaves existing entities as they are.
func (d *demonstration) create(ctx context.Context) error {
	for _, create := range demoProducts {
		if err := d.submit(ctx, product.Stream(create.ID), &create); err != nil {
			return err
		}
	}
	if err := d.openRoom(ctx); err != nil {
		return err
	}
	if err := d.createConcert(ctx); err != nil {
		return err
	}
	if err := d.fillWallet(ctx); err != nil {
		return err
	}
	isNew, err := d.isNew(ctx, tournament.Stream(demoTournament.ID))
	if err != nil || !isNew {
		return err // teams that have withdrawn since stay withdrawn
	}
	for _, register := range demoTeams {
		if err := d.submit(ctx, team.Stream(register.ID), &register); err != nil {
			return err
		}
	}
	create := demoTournament
	if err := d.submit(ctx, tournament.Stream(create.ID), &create); err != nil {
		return err
	}
	for _, entered := range demoTeams {
		if err := d.submit(ctx, tournament.Stream(create.ID),
			&tournament.Enter{TeamIDs: []events.TeamID{entered.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// openRoom creates the demo's waiting room, once.
func (d *demonstration) openRoom(ctx context.Context) error {
	isNew, err := d.isNew(ctx, waitingroom.Stream(demoRoom))
	if err != nil || !isNew {
		return err
	}
	id := actors.NewCommandID()
	_, err = d.rooms.Set(ctx, demoRoom, demoDoor, nil,
		actors.Request{ID: id, CorrelationID: string(id), CausationID: "demo", Actor: "demo"})
	return err
}

// fillWallet charges the demo's wallet, once.
func (d *demonstration) fillWallet(ctx context.Context) error {
	isNew, err := d.isNew(ctx, wallet.Stream(demoHolder))
	if err != nil || !isNew {
		return err
	}
	return d.submit(ctx, wallet.Stream(demoHolder), &wallet.Charge{ID: "demo", Amount: demoBalance})
}

// isNew reports whether a stream has no events.
func (d *demonstration) isNew(ctx context.Context, stream events.StreamID) (bool, error) {
	answer, err := d.desk.View(ctx, stream, func(core.Core) {})
	return answer.Revision == events.NoStream, err
}

// submit sends a command. It is not an error that the entity exists already.
func (d *demonstration) submit(ctx context.Context, stream events.StreamID, command core.Command) error {
	id := actors.NewCommandID()
	_, err := d.desk.Ask(ctx, actors.Request{
		Stream: stream, Command: command, ID: id, CorrelationID: string(id), CausationID: "demo", Actor: "demo",
	})
	refusal := (*core.Refusal)(nil)
	if errors.As(err, &refusal) && (refusal.Code == core.CodeAlreadyExists || refusal.Code == core.CodeAlreadyEntered) {
		return nil
	}
	return err
}
