package embedded

import "admitone/events"

// maxHeads is the capacity of each of the two generations. It is far more than twice maxGroup, so the heads of a
// group, which are not in the index before it is committed, are not evicted until then.
const maxHeads = 1 << 16

// heads caches the last revisions of recently used streams. Only the committer uses it. Evicting a whole generation
// approximates a least recently used policy without a cost per use.
type heads struct {
	young, old map[events.StreamID]events.Revision
}

func newHeads() *heads { return &heads{young: make(map[events.StreamID]events.Revision)} }

func (h *heads) get(stream events.StreamID) (events.Revision, bool) {
	if revision, ok := h.young[stream]; ok {
		return revision, true
	}
	revision, ok := h.old[stream]
	if ok {
		h.set(stream, revision)
	}
	return revision, ok
}

func (h *heads) set(stream events.StreamID, revision events.Revision) {
	if len(h.young) >= maxHeads {
		if _, ok := h.young[stream]; !ok {
			h.old, h.young = h.young, make(map[events.StreamID]events.Revision, maxHeads)
		}
	}
	h.young[stream] = revision
}
