package cli

import (
	"context"

	"admitone/actors/performance"
	"admitone/actors/plan"
	"admitone/cmd/admitone/plandraft"
	"admitone/events"
)

// demoPlan is the id of the plan of the demo's hall.
const demoPlan events.PlanID = "town-hall"

// demoPrices has the prices of the categories of the demo's hall, in its order.
var demoPrices = []events.CategoryPrice{
	{Category: "Front stalls", Type: "adult", Amount: 8900}, {Category: "Front stalls", Type: "student", Amount: 4500},
	{Category: "Stalls", Type: "adult", Amount: 6900}, {Category: "Stalls", Type: "student", Amount: 3500},
	{Category: "Balcony", Amount: 3900}, {Category: "Boxes", Amount: 9900},
	{Category: "Standing", Type: "adult", Amount: 2500}, {Category: "Standing", Type: "student", Amount: 1500},
}

// createConcert stores the plan of the hall and puts the concert in it on sale. In a store of an earlier version the
// concert exists, with sections instead of a plan, and stays as it is.
func (d *demonstration) createConcert(ctx context.Context) error {
	draft, err := plandraft.Parse(plandraft.Example)
	if err != nil {
		return err
	}
	seating, hall, err := draft.Plan()
	if err != nil {
		return err
	}
	text := events.AppendPlan(nil, seating, events.PlanComplete)
	stream, digest, size := plan.Stream(demoPlan), events.PlanDigest(text), int64(len(text))
	for rest := text; len(rest) > 0; { // existing parts are not stored again
		var part []byte
		offset := size - int64(len(rest))
		part, rest = events.CutPlanPart(rest)
		add := &plan.AddPart{ID: demoPlan, Digest: digest, Offset: offset, Text: string(part)}
		if err := d.submit(ctx, stream, add); err != nil {
			return err
		}
	}
	if err := d.submit(ctx, stream, &plan.Seal{ID: demoPlan, Digest: digest, Bytes: size, DisplayName: hall.DisplayName,
		Seats: int64(hall.Seats()), Places: hall.Places()}); err != nil {
		return err
	}
	concert := demoPerformance
	concert.Plan, concert.Prices = demoPlan, demoPrices
	for _, category := range hall.Categories {
		concert.Categories = append(concert.Categories, category.Name)
	}
	return d.submit(ctx, performance.Stream(concert.ID), &concert)
}
