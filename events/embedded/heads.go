package embedded

import "admitone/events"

// maxHeads is how many heads each of the two generations has. It is far more than
// twice maxGroup, so what a group put in is still there when the group is
// committed; before that, the index doesn't know it.
const maxHeads = 1 << 16

// heads remembers the last revisions of the streams used lately. Only the
// committer touches it. Forgetting the older half at once is close enough to
// least recently used, and costs nothing per use.
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
