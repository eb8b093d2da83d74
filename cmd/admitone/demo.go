package main

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
)

// demoProducts are what serve --demo puts on sale.
var demoProducts = []product.Create{
	{ID: "1", Name: "Concert ticket, standing", Stock: 100, Price: 4900, HoldSeconds: 300},
	{ID: "2", Name: "Meet and greet", Stock: 5, Price: 15000, LimitPerHolder: 1, HoldSeconds: 120},
	{ID: "3", Name: "Tour T-shirt", Stock: 250, Price: 2500, HoldSeconds: 300},
	{ID: "4", Name: "The last signed poster", Stock: 1, Price: 9900, HoldSeconds: 60},
}

// create makes a product unless one with that id exists.
func (p *program) create(ctx context.Context, command product.Create) error {
	id := actors.NewCommandID()
	_, err := p.desk.Ask(ctx, actors.Request{
		Stream: product.Stream(command.ID), Command: &command, ID: id,
		CorrelationID: string(id), CausationID: "demo", Actor: "demo",
	})
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == "already_exists" {
		return nil
	}
	return err
}
