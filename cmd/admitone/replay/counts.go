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

// compareCounts compares the figures of all entities that were put on sale, and of the wallets,
// with those of the log.
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
		here, err := p.here(ctx, e)
		if err != nil {
			return err
		}
		for _, figure := range slices.Sorted(maps.Keys(recorded)) {
			p.report.Counts++
			if recorded[figure] != here[figure] {
				p.report.Wrong = append(p.report.Wrong,
					Count{e.kind.Name + "/" + e.id, figure, recorded[figure], here[figure]})
			}
		}
	}
	return nil
}

func (p *runner) entities(ctx context.Context) (all []entity, err error) {
	intents, err := p.intents(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[events.StreamID]bool{}
	for w, err := range intents {
		if err != nil {
			return nil, err
		}
		if k := kinds.Of(w.Stream); k != nil && k.Figures != nil && isSetup(&w) && !seen[w.Stream] {
			seen[w.Stream] = true
			all = append(all, entity{k, w.Stream.Entity()})
		}
	}
	return all, nil
}

// here returns an entity's figures on the target.
func (p *runner) here(ctx context.Context, e entity) (map[string]int64, error) {
	a, err := p.target.send(ctx, &httpRequest{method: http.MethodGet,
		path: "/v1/" + e.kind.Collection() + "/" + url.PathEscape(e.id)})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, nil // it does not exist: every figure is 0
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(a.text, &body) != nil {
		return nil, fmt.Errorf("%w: %s answered with something else", events.ErrUnavailable, p.Against)
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
