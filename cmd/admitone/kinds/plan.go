package kinds

import (
	"fmt"
	"io"

	"admitone/actors/core"
	"admitone/actors/plan"
	"admitone/api"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// planKind is a seating plan. Plans are not demand: what-if reads the plans of the log, and a replay sends each one
// before the first performance that uses it.
var planKind = register(&Kind{
	Name:     "plan",
	Rules:    plan.Kind,
	Show:     showing(row.PlanAt, planText, api.AppendPlan),
	Command:  func(*demand.Request, events.RoomID) (core.Command, error) { return nil, nil },
	Requests: func(*demand.Request) []*Request { return nil },
})

func planText(out io.Writer, p *row.Plan) error {
	_, err := fmt.Fprintf(out, "plan/%s  %s\n  seats      %d\n  standing   %d\n  revision   %d, position %d\n  sealed     %s\n",
		p.ID, p.Name, p.Seats, p.Places, p.Revision, p.Position, events.FormatTime(p.Created))
	return err
}
