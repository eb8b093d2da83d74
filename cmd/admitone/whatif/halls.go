package whatif

import (
	"context"
	"sync"

	"admitone/actors/performance"
	"admitone/events"
)

// halls reads and caches the halls of the seating plans in the log, which no policy changes.
type halls struct {
	store events.Store

	mu    sync.Mutex
	known map[events.PlanID]*events.Hall // guarded by mu
}

// layout returns the layout of a performance's seats. Errors: those of [events.ReadHall].
func (h *halls) layout(p *performance.Performance) (*events.Layout, error) {
	latest := p.Latest()
	if latest.Plan == "" {
		return p.Layout(), nil
	}
	hall, err := h.of(context.Background(), latest.Plan)
	if err != nil {
		return nil, err
	}
	return latest.Layout(hall), nil
}

func (h *halls) of(ctx context.Context, id events.PlanID) (*events.Hall, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hall := h.known[id]; hall != nil {
		return hall, nil
	}
	hall, err := events.ReadHall(ctx, h.store, id)
	if err == nil {
		h.known[id] = hall
	}
	return hall, err
}

// Hall implements [bookings.Views].
func (h *simulation) Hall(ctx context.Context, id events.PlanID) (*events.Hall, error) {
	return h.halls.of(ctx, id)
}
