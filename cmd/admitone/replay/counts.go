package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"admitone/cmd/admitone/kinds"
	"admitone/events"
)

// entity identifies an entity whose figures are compared at the end.
type entity struct {
	kind *kinds.Kind
	id   string
}

// compareCounts compares the target's figures of all entities that were put on sale, and of the
// wallets, with those in the log.
func (p *runner) compareCounts(ctx context.Context) error {
	entities, err := p.entities(ctx)
	if err != nil {
		return err
	}
	for _, e := range entities {
		recorded, err := e.kind.Figures(ctx, p.store, e.id, p.To)
		if err != nil {
			return err
		}
		onTarget, err := p.targetFigures(ctx, e)
		if err != nil {
			return err
		}
		for _, figure := range slices.Sorted(maps.Keys(recorded)) {
			p.report.Counts++
			if recorded[figure] != onTarget[figure] {
				p.report.Wrong = append(p.report.Wrong,
					Count{e.kind.Name + "/" + e.id, figure, recorded[figure], onTarget[figure]})
			}
		}
	}
	return nil
}

// entities returns the entities that were put on sale and have figures, and the wallets that were charged.
func (p *runner) entities(ctx context.Context) (all []entity, err error) {
	intents, err := p.intents(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[events.StreamID]bool{}
	for intent, err := range intents {
		if err != nil {
			return nil, err
		}
		if k := kinds.Of(intent.Stream); k != nil && k.Figures != nil && isSetup(&intent) && !seen[intent.Stream] {
			seen[intent.Stream] = true
			all = append(all, entity{k, intent.Stream.Entity()})
		}
	}
	return all, nil
}

// targetFigures returns an entity's figures on the target.
func (p *runner) targetFigures(ctx context.Context, e entity) (map[string]int64, error) {
	r := &httpRequest{method: http.MethodGet, path: "/v1/" + e.kind.Collection() + "/" + url.PathEscape(e.id)}
	a, err := p.target.send(ctx, r)
	if err != nil {
		return nil, err
	}
	switch a.status {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil // every figure is 0
	default:
		return nil, fmt.Errorf("%w: %s answers %d to GET %s; the figures can't be compared", events.ErrUnavailable, p.Against,
			a.status, r.path)
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(a.text, &body) != nil {
		return nil, fmt.Errorf("%w: the answer of %s is not a JSON object", events.ErrUnavailable, p.Against)
	}
	figures := map[string]int64{}
	for name, value := range body {
		var n int64
		if json.Unmarshal(value, &n) == nil {
			figures[name] = n
		}
	}
	return figures, nil
}
