package live

import (
	"context"
	"strings"
	"time"

	"admitone/events"
)

// A topic retains its latest deltas while it has subscribers. For a subscriber that resumes on a topic without
// subscribers, or after a restart of the program, the latest events of the stream are read from the log and
// converted to deltas again, once in a topic's life.

// replayer is a State of a topic with one delta per event of one stream, so that deltas can be recomputed.
type replayer interface {
	State
	// Replay returns the delta of fact, which followed before. The values other than the change may be the current
	// ones.
	Replay(before, fact events.Fact) Delta
}

// EarlierFact is an event of a topic's stream from before the topic had subscribers.
type EarlierFact struct {
	position events.Position
	fact     events.Fact
}

// replayLimit bounds a subscription's wait for the log. After a longer wait the subscriber gets a snapshot.
const replayLimit = time.Second

// ReadEarlier reads the events that a resuming subscriber may have missed, preceded by the event before them; nil if
// they are not needed or can't be read. It must be called without the lock.
func (h *Hub) ReadEarlier(name string, resume Resume) []EarlierFact {
	if resume.Epoch != h.epoch || resume.Since == 0 {
		return nil
	}
	prefix, id, _ := strings.Cut(name, ":")
	group := h.topics[prefix]
	if group == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), replayLimit)
	defer cancel()
	if group.Backfill != nil {
		group.Backfill(ctx, resume.Since)
	}
	if group.Category == "" || !h.needsReplay(group, id) {
		return nil
	}
	page, err := h.store.Read(ctx, events.NewStreamID(group.Category, id), events.EndRevision, events.Backward,
		HistorySize)
	if err != nil {
		h.log.Warn("can't read what a subscriber missed; sending a snapshot", "topic", name, "error", err)
		return nil
	}
	earlier := make([]EarlierFact, 0, len(page))
	for i := len(page) - 1; i >= 0; i-- {
		fact, err := page[i].Decode()
		if err != nil {
			return nil // the fold reports it
		}
		earlier = append(earlier, EarlierFact{page[i].Position, fact})
	}
	return earlier
}

// resumeDelta returns the result of ResumeDelta for a subscriber that resumes from a position in this log, else nil.
func (h *Hub) resumeDelta(group *Topics, id string, resume Resume) *Missed {
	if group.ResumeDelta == nil || resume.Epoch != h.epoch || resume.Since == 0 {
		return nil
	}
	return group.ResumeDelta(id, resume.Since)
}

// needsReplay reports whether the topic of id needs earlier facts.
func (h *Hub) needsReplay(group *Topics, id string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	t := group.topics[id]
	return t == nil || !t.replayed.Load()
}

// replay prepends the deltas of earlier facts to the topic's history, provided that they are contiguous.
func (t *Topic) replay(earlier []EarlierFact) {
	state, ok := t.state.(replayer)
	if !ok || t.replayed.Load() {
		return
	}
	start := t.position
	if len(t.history) > 0 {
		start = t.history[t.oldest].Previous
	}
	var frames []*Frame
	contiguous := false
	for i := 1; i < len(earlier) && earlier[i].position <= start; i++ {
		contiguous = earlier[i].position == start
		delta := state.Replay(earlier[i-1].fact, earlier[i].fact)
		frames = append(frames, NewDelta(t.name, earlier[i-1].position, earlier[i].position, delta))
	}
	if !contiguous || len(t.history) == HistorySize {
		return // the facts of a later subscriber may be contiguous
	}
	t.replayed.Store(true)
	t.history = append(frames[max(0, len(frames)+len(t.history)-HistorySize):], t.history...)
}

// Missed is a delta of everything that a subscriber has missed, up to a position.
type Missed struct {
	Delta Delta
	To    events.Position
}
