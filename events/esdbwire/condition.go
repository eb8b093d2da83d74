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

// condition is what a stream looks like at one moment.
type condition struct {
	stream events.StreamID
	// last is the last event's revision, NoStream if there is none, and position
	// its place in the log.
	last     events.Revision
	position events.Position
	// tombstoned: it has been ended for ever, or what it is the metadata of has.
	tombstoned bool
	// described is the last revision of its metadata stream, and description the
	// last metadata.
	described   events.Revision
	description []byte
	limits      limits
	// origin is, for a metadata stream, the condition of what it is about.
	origin *condition
}

// limits are what a stream's metadata say about which events are shown.
type limits struct {
	count  int64         // $maxCount, 0 if there is none
	age    time.Duration // $maxAge, 0 if there is none
	before events.Revision
}

// forever is the $tb of a deleted stream.
const forever events.Revision = math.MaxInt64

// soft says that the stream is deleted and may come back.
func (c *condition) soft() bool { return c.limits.before == forever }

// first is the lowest revision that is shown.
func (c *condition) first() events.Revision {
	first := max(0, c.limits.before)
	if c.limits.count > 0 && c.last >= 0 {
		first = max(first, c.last-events.Revision(c.limits.count)+1)
	}
	return first
}

// oldest is the time before which events are not shown, zero if all are.
func (c *condition) oldest(now time.Time) time.Time {
	if c.limits.age == 0 {
		return time.Time{}
	}
	return now.Add(-c.limits.age)
}

// condition reads what a stream looks like. Errors: the store's.
func (s *Server) condition(ctx context.Context, stream events.StreamID) (*condition, error) {
	c := &condition{stream: stream, last: events.NoStream, described: events.NoStream}
	e, err := s.lastOf(ctx, stream)
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
		c.tombstoned = c.origin.tombstoned
		return c, nil
	}
	if e, err = s.lastOf(ctx, metaPrefix+stream); err != nil || e == nil {
		return c, err
	}
	c.described = e.Revision
	if _, isJSON := unmarked(e.Metadata); isJSON {
		c.description = e.Data
		c.limits = parseLimits(e.Data)
	}
	return c, nil
}

// lastOf returns a stream's last event, nil if there is none.
func (s *Server) lastOf(ctx context.Context, stream events.StreamID) (*events.Recorded, error) {
	page, err := s.store.Read(ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	return &page[0], nil
}

const truncateBefore = "$tb"

// parseLimits reads a stream's metadata. What is not JSON, or has a limit that is
// no integer, limits nothing; neither does a limit that is not positive.
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

// withTruncateBefore returns metadata in which $tb is another one. What is no JSON
// object is replaced.
func withTruncateBefore(data []byte, before events.Revision) []byte {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(data, &members) != nil || members == nil {
		members = map[string]json.RawMessage{}
	}
	members[truncateBefore] = fmt.Appendf(nil, "%d", before)
	text, err := json.Marshal(members)
	if err != nil { // can't be: all values were read from JSON
		return fmt.Appendf(nil, `{"%s":%d}`, truncateBefore, before)
	}
	return text
}
