package projections

import (
	"context"
	"strings"
	"time"

	"admitone/events"
)

// A topic remembers its latest deltas while somebody watches it. Whoever comes back
// to one that nobody watches any more, or after the program was started anew, is
// helped from the log: the stream's latest events are made deltas again, once in a
// topic's life.

// recaller is a State whose topic is one stream, event by event, and whose deltas
// can be made again from those events.
type recaller interface {
	State
	// Recall returns the delta that fact made of the state behind the fact before.
	// Its figures beside the change may be those of the present.
	Recall(before, fact events.Fact) Delta
}

// earlier is an event of a topic's stream that was there before the topic.
type earlier struct {
	position events.Position
	fact     events.Fact
}

// recallLimit is how long a subscription waits for the log. Without an answer there
// is a snapshot.
const recallLimit = time.Second

// recall reads the events that resume may have missed, the one before them first;
// nil if there is no use for them. It is called without Projections.mu.
func (p *Projections) recall(name string, resume Resume) []earlier {
	if resume.Epoch != p.epoch || resume.Since == 0 {
		return nil
	}
	prefix, id, _ := strings.Cut(name, ":")
	kind := p.topics[prefix]
	if kind == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), recallLimit)
	defer cancel()
	if kind.regain != nil {
		kind.regain(ctx, resume.Since)
	}
	if kind.category == "" || !p.wantsRecall(kind, id) {
		return nil
	}
	page, err := p.store.Read(ctx, events.NewStreamID(kind.category, id), events.EndRevision, events.Backward, historySize)
	if err != nil {
		p.log.Warn("a subscriber gets a snapshot, because what it missed can't be read", "topic", name, "error", err)
		return nil
	}
	found := make([]earlier, 0, len(page))
	for i := len(page) - 1; i >= 0; i-- {
		fact, err := page[i].Decode()
		if err != nil {
			return nil // the fold will tell
		}
		found = append(found, earlier{page[i].Position, fact})
	}
	return found
}

// recollect is the topic kind's, for whoever has seen something of this log.
func (p *Projections) recollect(kind *topicKind, id string, resume Resume) *recollection {
	if kind.recollect == nil || resume.Epoch != p.epoch || resume.Since == 0 {
		return nil
	}
	return kind.recollect(id, resume.Since)
}

func (p *Projections) wantsRecall(kind *topicKind, id string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t := kind.live[id]
	return t == nil || !t.recalled.Load()
}

// recall puts what was before the topic in front of what it remembers, provided that
// the two fit together.
func (t *topic) recall(found []earlier) {
	state, can := t.state.(recaller)
	if !can || t.recalled.Load() {
		return
	}
	begin := t.position
	if len(t.history) > 0 {
		begin = t.history[t.oldest].Previous
	}
	var frames []*Frame
	fits := false
	for i := 1; i < len(found) && found[i].position <= begin; i++ {
		fits = found[i].position == begin
		delta := state.Recall(found[i-1].fact, found[i].fact)
		frames = append(frames, newDelta(t.name, found[i-1].position, found[i].position, delta))
	}
	if !fits || len(t.history) == historySize {
		return // a later subscriber may have better luck
	}
	t.recalled.Store(true)
	t.history = append(frames[max(0, len(frames)+len(t.history)-historySize):], t.history...)
}
