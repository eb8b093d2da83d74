package embedded

import "admitone/events"

// maxHeads is the size of each of the two generations. It is far more than twice maxGroup, so the
// heads of a group remain until it is committed; before that they are not in the index.
const maxHeads = 1 << 16

// heads caches the last revisions of recently used streams. Only the committer uses it. Evicting
// the older generation at once approximates least recently used and costs nothing per use.
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
