package esdbwire

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// model is the log as slices, and the protocol's rules as sentences about them. It
// knows nothing of how the server keeps any of it.
type model struct {
	log     []*modelEvent
	streams map[string][]*modelEvent
}

type modelEvent struct {
	stream   string
	revision int64
	label    string // "?" for what the server writes itself
	typ      string
	data     string
	json     bool
	position uint64 // 0 until somebody has seen it
}

func (e *modelEvent) String() string {
	if e.typ == tombstoneType {
		return fmt.Sprintf("%s#end", e.stream)
	}
	return fmt.Sprintf("%s#%d %s %s %t %s", e.stream, e.revision, e.label, e.typ, e.json, e.data)
}

func (m *model) last(stream string) int64 { return int64(len(m.streams[stream])) - 1 }

func (m *model) add(e modelEvent) *modelEvent {
	e.revision = m.last(e.stream) + 1
	m.log = append(m.log, &e)
	m.streams[e.stream] = append(m.streams[e.stream], &e)
	return &e
}

// of is the stream that a metadata stream is about, "" for other streams.
func of(stream string) string {
	origin, ok := strings.CutPrefix(stream, "$$")
	if !ok {
		return ""
	}
	return origin
}

// over says that a stream, or what it is the metadata of, was ended for ever.
func (m *model) over(stream string) bool {
	if origin := of(stream); origin != "" {
		stream = origin
	}
	last := m.last(stream)
	return last >= 0 && m.streams[stream][last].typ == tombstoneType
}

// limits are $maxCount and $tb of a stream, 0 for none.
func (m *model) limits(stream string) (count, before int64) {
	if of(stream) != "" {
		return 1, 0
	}
	meta := m.streams["$$"+stream]
	if len(meta) == 0 || !meta[len(meta)-1].json {
		return 0, 0
	}
	var keys struct {
		Count  int64 `json:"$maxCount"`
		Before int64 `json:"$tb"`
	}
	if json.Unmarshal([]byte(meta[len(meta)-1].data), &keys) != nil {
		return 0, 0
	}
	return max(keys.Count, 0), max(keys.Before, 0)
}

func (m *model) deleted(stream string) bool {
	_, before := m.limits(stream)
	return before == math.MaxInt64
}

// decide says what becomes of a write: "write", "deleted", "wrong", or the revision
// of the last event if they are all there already.
func (m *model) decide(stream, expected string, labels []string) string {
	last := m.last(stream)
	switch {
	case m.over(stream):
		return "deleted"
	case expected == "exists" && m.deleted(stream):
		return "deleted"
	case expected == "exists" && last < 0 && (of(stream) != "" || m.last("$$"+stream) < 0):
		return "wrong"
	case expected == "any" || expected == "exists":
		found := int64(-1)
		for i, label := range labels {
			at := m.find(stream, label)
			if at < 0 && i == 0 {
				return "write"
			}
			if at < 0 {
				return "wrong"
			}
			found = at
		}
		if len(labels) == 0 {
			return "write"
		}
		return fmt.Sprint(found)
	}
	at := int64(-1)
	if expected != "none" {
		fmt.Sscan(expected, &at)
	}
	if at >= last || len(labels) == 0 {
		return map[bool]string{true: "write", false: "wrong"}[at == last]
	}
	for i, label := range labels {
		next := at + 1 + int64(i)
		if next > last || m.streams[stream][next].label != label {
			if i == 0 && expected == "none" && m.deleted(stream) {
				return "write"
			}
			return "wrong"
		}
	}
	return fmt.Sprint(at + int64(len(labels)))
}

// find is the revision of the newest event of a stream with that label.
func (m *model) find(stream, label string) int64 {
	for i, e := range slices.Backward(m.streams[stream]) {
		if e.label == label {
			return int64(i)
		}
	}
	return -1
}

// append does what an append does, and says what it answers: a revision, "none" for
// nothing in nothing, "deleted" or "wrong" with the last revision.
func (m *model) append(stream, expected string, batch []modelEvent) string {
	labels := make([]string, len(batch))
	for i := range batch {
		labels[i] = batch[i].label
	}
	verdict := m.decide(stream, expected, labels)
	switch {
	case verdict == "wrong":
		return fmt.Sprintf("wrong %d", m.last(stream))
	case verdict != "write":
		return verdict
	case len(batch) == 0 && m.last(stream) < 0:
		return "none"
	case len(batch) == 0:
		return fmt.Sprint(m.last(stream))
	}
	if m.deleted(stream) {
		m.describe(stream, m.merged(stream, m.streams["$$"+stream]))
	}
	for _, e := range batch {
		m.add(e)
	}
	last := m.last(stream)
	if origin := of(stream); origin != "" && m.wasDeleted(origin, len(batch)) {
		m.describe(origin, m.merged(origin, m.streams[stream]))
	}
	return fmt.Sprint(last)
}

// wasDeleted says whether a stream was deleted before the newest n metadata.
func (m *model) wasDeleted(stream string, n int) bool {
	meta := m.streams["$$"+stream]
	before := model{streams: map[string][]*modelEvent{"$$" + stream: meta[:len(meta)-n]}}
	return before.deleted(stream)
}

// merged are the last metadata with $tb behind the end of the stream.
func (m *model) merged(stream string, meta []*modelEvent) string {
	keys := map[string]any{}
	if last := meta[len(meta)-1]; last.json {
		d := json.NewDecoder(strings.NewReader(last.data))
		d.UseNumber()
		if d.Decode(&keys) != nil || keys == nil {
			keys = map[string]any{}
		}
	}
	keys["$tb"] = m.last(stream) + 1
	text, _ := json.Marshal(keys)
	return string(text)
}

func (m *model) describe(stream, data string) {
	m.add(modelEvent{stream: "$$" + stream, label: "?", typ: metadataType, data: data, json: true})
}

// delete and tombstone answer "done", "deleted" or "wrong" with the last revision.
func (m *model) delete(stream, expected string) string {
	verdict := m.decide(stream, expected, []string{"fresh"})
	if verdict == "deleted" {
		return verdict
	}
	if verdict == "wrong" || m.last(stream) < 0 && m.last("$$"+stream) < 0 {
		return fmt.Sprintf("wrong %d", m.last(stream))
	}
	m.describe(stream, fmt.Sprintf(`{"$tb":%d}`, math.MaxInt64))
	return "done"
}

func (m *model) tombstone(stream, expected string) string {
	switch verdict := m.decide(stream, expected, []string{"fresh"}); verdict {
	case "deleted":
		return verdict
	case "wrong":
		return fmt.Sprintf("wrong %d", m.last(stream))
	}
	m.add(modelEvent{stream: stream, label: "?", typ: tombstoneType})
	return "done"
}

// shown are the events of a stream that reads show, or why there are none.
func (m *model) shown(stream string) ([]*modelEvent, string) {
	switch {
	case m.over(stream):
		return nil, "deleted"
	case m.last(stream) < 0 || m.deleted(stream):
		return nil, "not found"
	}
	all := m.streams[stream]
	count, before := m.limits(stream)
	if count > 0 {
		before = max(before, int64(len(all))-count)
	}
	return all[min(before, int64(len(all))):], ""
}

// read is a read of a stream from a revision.
func (m *model) read(stream string, from uint64, backward bool, count int) ([]*modelEvent, string) {
	shown, why := m.shown(stream)
	var page []*modelEvent
	for _, e := range shown {
		if (uint64(e.revision) >= from) != backward || uint64(e.revision) == from {
			page = append(page, e)
		}
	}
	if backward {
		slices.Reverse(page)
	}
	return page[:min(count, len(page))], why
}

// all is a read of the log: what lies at or behind (commit, prepare), or before it.
func (m *model) all(commit, prepare uint64, backward bool, count int, prefix string) []*modelEvent {
	var page []*modelEvent
	for _, e := range m.log {
		before := e.position < commit || e.position == commit && e.position < prepare
		if before == backward && strings.HasPrefix(e.stream, prefix) {
			page = append(page, e)
		}
	}
	if backward {
		slices.Reverse(page)
	}
	return page[:min(count, len(page))]
}

// behind is what a subscription to the log sends that begins at (commit, prepare).
func (m *model) behind(commit, prepare uint64, prefix string) []*modelEvent {
	return slices.DeleteFunc(m.all(commit, prepare, false, len(m.log), prefix), func(e *modelEvent) bool {
		return e.position == commit && e.position == prepare
	})
}
