package esdbwire

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// model is the log as slices, with the rules of the protocol, independent of the server's
// implementation.
type model struct {
	log     []*modelEvent
	streams map[string][]*modelEvent
}

type modelEvent struct {
	stream   string
	revision int64
	label    string // "?" for events that the server writes itself
	typ      string
	data     string
	json     bool
	position uint64 // 0 until it is known
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

// originOfMetadata returns the stream that a metadata stream describes, "" for other streams.
func originOfMetadata(stream string) string {
	origin, ok := strings.CutPrefix(stream, "$$")
	if !ok {
		return ""
	}
	return origin
}

// unreadable reports whether a stream, or the origin of a metadata stream, has a tombstone.
func (m *model) unreadable(stream string) bool {
	return m.hasTombstone(stream) || m.hasTombstone(originOfMetadata(stream))
}

// hasTombstone reports whether a stream has a tombstone, and so can't be written.
func (m *model) hasTombstone(stream string) bool {
	last := m.last(stream)
	return last >= 0 && m.streams[stream][last].typ == tombstoneType
}

// limits returns $maxCount and $tb of a stream, 0 for none.
func (m *model) limits(stream string) (count, before int64) {
	if originOfMetadata(stream) != "" {
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

// decide returns the outcome of a write: "write", "deleted", "wrong", or, if all events already exist,
// the revision of the last one, followed by "nowhere" if that event is hidden.
func (m *model) decide(stream, expected string, labels []string) string {
	last := m.last(stream)
	switch {
	case m.hasTombstone(stream):
		return "deleted"
	case expected == "exists" && m.deleted(stream):
		return "deleted"
	case expected == "exists" && last < 0 && (originOfMetadata(stream) != "" || m.last("$$"+stream) < 0):
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
		return m.repeated(stream, found)
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
	return m.repeated(stream, at+int64(len(labels)))
}

// repeated returns the answer to a repeated append.
func (m *model) repeated(stream string, revision int64) string {
	shown, _ := m.shown(stream)
	if slices.Contains(shown, m.streams[stream][revision]) {
		return fmt.Sprint(revision)
	}
	return fmt.Sprintf("%d nowhere", revision)
}

// find returns the revision of the first event of a stream with a label, -1 for none.
func (m *model) find(stream, label string) int64 {
	return int64(slices.IndexFunc(m.streams[stream], func(e *modelEvent) bool { return e.label == label }))
}

// append appends and returns the answer: a revision, "none" for an empty append to an empty stream,
// "deleted", or "wrong" with the last revision.
func (m *model) append(stream, expected string, batch []modelEvent) string {
	labels := make([]string, len(batch))
	for i := range batch {
		labels[i] = batch[i].label
	}
	result := m.decide(stream, expected, labels)
	switch {
	case result == "wrong":
		return fmt.Sprintf("wrong %d", m.last(stream))
	case result != "write":
		return result
	case len(batch) == 0 && m.last(stream) < 0:
		return "none"
	case len(batch) == 0:
		return fmt.Sprint(m.last(stream))
	}
	restored := ""
	if m.deleted(stream) {
		restored = m.merged(stream, m.streams["$$"+stream])
	}
	for _, e := range batch {
		m.add(e)
	}
	last := m.last(stream)
	if restored != "" {
		m.setMetadata(stream, restored)
	}
	if origin := originOfMetadata(stream); origin != "" && !m.hasTombstone(origin) && m.wasDeleted(origin, len(batch)) {
		m.setMetadata(origin, m.merged(origin, m.streams[stream]))
	}
	return fmt.Sprint(last)
}

// wasDeleted reports whether a stream was deleted before the newest n metadata.
func (m *model) wasDeleted(stream string, n int) bool {
	meta := m.streams["$$"+stream]
	before := model{streams: map[string][]*modelEvent{"$$" + stream: meta[:len(meta)-n]}}
	return before.deleted(stream)
}

var modelTruncated = regexp.MustCompile(`"\$tb":\d+`)

// merged returns the last metadata with a $tb after the end of the stream, which replaces an existing
// $tb or is the last member.
func (m *model) merged(stream string, meta []*modelEvent) string {
	member := fmt.Sprintf(`"$tb":%d`, m.last(stream)+1)
	last := meta[len(meta)-1]
	var members map[string]any
	switch {
	case !last.json || json.Unmarshal([]byte(last.data), &members) != nil || len(members) == 0:
		return "{" + member + "}"
	case modelTruncated.MatchString(last.data):
		return modelTruncated.ReplaceAllLiteralString(last.data, member)
	}
	return strings.TrimSuffix(last.data, "}") + "," + member + "}"
}

func (m *model) setMetadata(stream, data string) {
	m.add(modelEvent{stream: "$$" + stream, label: "?", typ: metadataType, data: data, json: true})
}

// delete deletes a stream. It returns "done", "deleted", or "wrong" with the last revision.
func (m *model) delete(stream, expected string) string {
	result := m.decide(stream, expected, []string{"fresh"})
	if result == "deleted" {
		return result
	}
	if result == "wrong" || m.last(stream) < 0 && m.last("$$"+stream) < 0 {
		return fmt.Sprintf("wrong %d", m.last(stream))
	}
	m.setMetadata(stream, fmt.Sprintf(`{"$tb":%d}`, math.MaxInt64))
	return "done"
}

// tombstone ends a stream permanently. It returns the same as delete.
func (m *model) tombstone(stream, expected string) string {
	switch result := m.decide(stream, expected, []string{"fresh"}); result {
	case "deleted":
		return result
	case "wrong":
		return fmt.Sprintf("wrong %d", m.last(stream))
	}
	m.add(modelEvent{stream: stream, label: "?", typ: tombstoneType})
	return "done"
}

// shown returns the visible events of a stream, or the reason why there are none.
func (m *model) shown(stream string) ([]*modelEvent, string) {
	switch {
	case m.unreadable(stream):
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

// read reads a stream from a revision.
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

// all reads the log forward from (commit, prepare), or backward before it.
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

// subscribed returns the events that a subscription from (commit, prepare) sends.
func (m *model) subscribed(commit, prepare uint64, prefix string) []*modelEvent {
	return slices.DeleteFunc(m.all(commit, prepare, false, len(m.log), prefix), func(e *modelEvent) bool {
		return e.position == commit && e.position == prepare
	})
}
