package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"admitone/events"
	"admitone/projections"
)

// thing is something whose figures are compared at the end.
type thing struct{ kind, id string }

// compareCounts compares the figures of everything that was put on sale, and of the
// wallets, with what the log comes to.
func (p *player) compareCounts(ctx context.Context) error {
	things, err := p.things(ctx)
	if err != nil {
		return err
	}
	for _, t := range things {
		recorded, err := p.recorded(ctx, t)
		if err != nil {
			return err
		}
		here, err := p.here(ctx, t)
		if err != nil {
			return err
		}
		for _, figure := range slices.Sorted(maps.Keys(recorded)) {
			p.report.Counts++
			if recorded[figure] != here[figure] {
				p.report.Wrong = append(p.report.Wrong, Count{t.kind + "/" + t.id, figure, recorded[figure], here[figure]})
			}
		}
	}
	return nil
}

func (p *player) things(ctx context.Context) (things []thing, err error) {
	wishes, err := p.wishes(ctx)
	if err != nil {
		return nil, err
	}
	wallets := map[string]bool{}
	for w, err := range wishes {
		if err != nil {
			return nil, err
		}
		kind, id := w.Stream.Category(), w.Stream.Entity()
		switch w.Fact.(type) {
		case *events.ProductCreated, *events.TournamentCreated, *events.PerformanceCreated:
			things = append(things, thing{kind, id})
		case *events.WalletCharged:
			if !wallets[id] {
				wallets[id] = true
				things = append(things, thing{kind, id})
			}
		}
	}
	return things, nil
}

// recorded are a thing's figures at the end of the record.
func (p *player) recorded(ctx context.Context, t thing) (map[string]int64, error) {
	switch t.kind {
	case "product":
		row, err := projections.ProductAt(ctx, p.store, t.id, p.To)
		if err != nil {
			return nil, err
		}
		return map[string]int64{"held": row.Held, "sold": row.Sold}, nil
	case "tournament":
		row, err := projections.TournamentAt(ctx, p.store, t.id, p.To)
		if err != nil {
			return nil, err
		}
		return map[string]int64{"entered": row.Entered, "waitlisted": row.Waitlisted}, nil
	case "performance":
		row, _, err := projections.PerformanceAt(ctx, p.store, t.id, p.To, nil)
		if err != nil {
			return nil, err
		}
		return map[string]int64{"held": row.Held, "booked": row.Booked}, nil
	}
	row, err := projections.WalletAt(ctx, p.store, t.id, p.To)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"balance": row.Balance}, nil
}

// here are a thing's figures on the other server.
func (p *player) here(ctx context.Context, t thing) (map[string]int64, error) {
	a, err := p.target.send(ctx, &sending{method: http.MethodGet, path: "/v1/" + t.kind + "s/" + url.PathEscape(t.id)})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, nil // it is not there: every figure is 0
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
