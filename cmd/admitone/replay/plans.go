package replay

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// withPlan inserts the upload of a seating plan before the requests for the first performance that uses it. Errors:
// those of [events.ReadPlan].
func (p *runner) withPlan(ctx context.Context, intent *demand.Request, requests []*kinds.Request,
) ([]*kinds.Request, error) {
	f, ok := intent.Fact.(*events.PerformanceCreated)
	if !ok || f.Plan == "" || len(requests) == 0 {
		return requests, nil
	}
	stream := events.PlanStream(f.Plan)
	for _, r := range requests {
		r.Needs = append(r.Needs, kinds.On(stream, kinds.Shared))
	}
	if p.plans[f.Plan] {
		return requests, nil
	}
	plan, err := events.ReadPlan(ctx, p.store, f.Plan)
	if err != nil {
		return nil, err
	}
	p.plans[f.Plan] = true
	upload := kinds.Post("/v1/plans", planBody(f.Plan, plan.Text), kinds.On(stream, kinds.Exclusive))
	return append([]*kinds.Request{upload}, requests...), nil
}

// planBody returns the body that uploads a plan. The text must be a JSON object with at least one member.
func planBody(id events.PlanID, text []byte) jsontext.Value {
	return append([]byte(`{"id":"`+string(id)+`",`), text[1:]...)
}
