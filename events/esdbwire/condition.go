package esdbwire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"admitone/events"
)

// condition is the state of a stream at a point in time.
type condition struct {
	stream events.StreamID
	// last is the last event's revision, NoStream for none, and position its position in the log.
	last     events.Revision
	position events.Position
	// tombstoned means that the stream has a tombstone. Its metadata stream can't be read, but can be
	// written.
	tombstoned bool
	// metaRevision is the last revision of its metadata stream, and metadata the last metadata.
	metaRevision events.Revision
	metadata     []byte
	limits       limits
	// origin is the condition of the stream that a metadata stream describes, nil for other streams.
	origin *condition
}

// limits has the limits on visible events in a stream's metadata.
type limits struct {
	count  int64           // $maxCount, 0 for none
	age    time.Duration   // $maxAge, 0 for none
	before events.Revision // $tb, 0 for none
}

// forever is the $tb of a deleted stream.
const forever events.Revision = math.MaxInt64

// softDeleted reports whether the stream is deleted but can be written again.
func (c *condition) softDeleted() bool { return c.limits.before == forever }

// first returns the lowest visible revision.
func (c *condition) first() events.Revision {
	first := max(0, c.limits.before)
	if c.limits.count > 0 && c.last >= 0 {
		first = max(first, c.last-events.Revision(c.limits.count)+1)
	}
	return first
}

// readable reports whether the stream can be read, that is, whether no tombstone has ended it.
func (c *condition) readable() bool {
	return !c.tombstoned && (c.origin == nil || !c.origin.tombstoned)
}

// shows reports whether an event of the stream is visible at the time now.
func (c *condition) shows(e *events.Recorded, now time.Time) bool {
	return c.readable() && e.Revision >= c.first() && !e.Created.Before(c.oldest(now))
}

// oldest returns the time before which events are hidden, zero if there is no such limit.
func (c *condition) oldest(now time.Time) time.Time {
	if c.limits.age == 0 {
		return time.Time{}
	}
	return now.Add(-c.limits.age)
}

// condition reads the state of a stream. Errors: the store's.
func (s *Server) condition(ctx context.Context, stream events.StreamID) (*condition, error) {
	c := &condition{stream: stream, last: events.NoStream, metaRevision: events.NoStream}
	e, err := s.lastEvent(ctx, stream)
	if err != nil {
		return nil, err
	}
	if e != nil {
		c.last, c.position, c.tombstoned = e.Revision, e.Position, isTombstone(&e.Event)
	}
	if origin, ok := originOf(stream); ok {
		c.limits.count = 1
		if _, nested := originOf(origin); nested {
			return c, nil
		}
		if c.origin, err = s.condition(ctx, origin); err != nil {
			return nil, err
		}
		return c, nil
	}
	if e, err = s.lastEvent(ctx, metaPrefix+stream); err != nil || e == nil {
		return c, err
	}
	c.metaRevision = e.Revision
	if _, isJSON := withoutMarker(e.Metadata); isJSON {
		c.metadata = e.Data
		c.limits = parseLimits(e.Data)
	}
	return c, nil
}

// lastEvent returns a stream's last event, nil for none.
func (s *Server) lastEvent(ctx context.Context, stream events.StreamID) (*events.Recorded, error) {
	page, err := s.store.Read(ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	return &page[0], nil
}

const truncateBefore = "$tb"

// parseLimits parses a stream's metadata. Metadata that are not JSON, or have a limit that is not an
// integer, have no effect. Limits that are not positive have none either.
func parseLimits(data []byte) limits {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return limits{}
	}
	var count, age, before int64
	for name, value := range map[string]*int64{"$maxCount": &count, "$maxAge": &age, truncateBefore: &before} {
		if text, ok := members[name]; ok {
			var err error
			if *value, err = strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err != nil {
				return limits{}
			}
		}
	}
	const maxSeconds = int64(math.MaxInt64 / time.Second)
	return limits{
		count:  max(count, 0),
		age:    time.Duration(min(max(age, 0), maxSeconds)) * time.Second,
		before: max(events.Revision(before), 0),
	}
}

// withTruncateBefore returns metadata with the given $tb, which replaces an existing $tb or is the last
// member. The other members keep their order. Metadata that are not a JSON object are replaced.
func withTruncateBefore(data []byte, before events.Revision) []byte {
	var values map[string]json.RawMessage
	if json.Unmarshal(data, &values) != nil || values == nil {
		values = map[string]json.RawMessage{}
	}
	names := memberNames(data, len(values))
	if _, there := values[truncateBefore]; !there {
		names = append(names, truncateBefore)
	}
	values[truncateBefore] = fmt.Appendf(nil, "%d", before)
	var text bytes.Buffer
	for i, name := range names {
		text.WriteByte("{,"[min(i, 1)])
		quoted, _ := json.Marshal(name) // never fails for a string
		text.Write(quoted)
		text.WriteByte(':')
		_ = json.Compact(&text, values[name]) // never fails for decoded values
	}
	text.WriteByte('}')
	return text.Bytes()
}

// memberNames returns the names of the members of a valid JSON object, each once, in their order. count
// is the number of different names.
func memberNames(data []byte, count int) []string {
	names := make([]string, 0, count+1)
	known := make(map[string]bool, count)
	d := json.NewDecoder(bytes.NewReader(data))
	for _, _ = d.Token(); len(names) < count; {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil { // impossible for a valid object
			return names
		}
		if text, ok := name.(string); ok && !known[text] {
			known[text] = true
			names = append(names, text)
		}
	}
	return names
}
