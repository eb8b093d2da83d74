package api

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/events"
	"admitone/projections/history"
)

// maxChanges bounds the changes listed for a stale edit: the newest of them.
const maxChanges = 20

// checkPrecondition refuses an edit of a resource that has changed since the caller read it at
// revision known, and lists what has happened since, up to the revision it was refused at: in
// words, as a history does.
func (r *request) checkPrecondition(refusal *core.Refusal, stream events.StreamID, known, now events.Revision) error {
	p := &problem{
		code:   refusal.Code,
		detail: staleDetail(refusal, known),
		fields: map[string]any{"current_revision": now},
	}
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	lines, err := r.server.changes(ctx, stream, known, now)
	if err != nil {
		r.log().Error("what changed could not be read", "stream", stream, "error", err)
		return p // the refusal is valid without it
	}
	told := []byte{'['}
	for i := range lines {
		if i > 0 {
			told = append(told, ',')
		}
		told = AppendLine(told, &lines[i])
	}
	p.fields["changes"] = jsontext.Value(append(told, ']'))
	if earlier := int64(now-known) - int64(len(lines)); earlier > 0 {
		p.fields["earlier_changes"] = earlier
	}
	return p
}

// staleDetail explains why an edit is stale: the resource has changed, or the ETag was never
// given out.
func staleDetail(refusal *core.Refusal, known events.Revision) string {
	if known == neverGiven {
		return "If-Match is no ETag that was given out for this, character by character; read it again and send its " +
			"ETag as it is"
	}
	return refusal.Detail
}

// changes returns the newest events of a stream after known, up to now, oldest first.
func (s *Server) changes(
	ctx context.Context,
	stream events.StreamID,
	known, now events.Revision,
) (lines []history.Line, err error) {
	if known >= now {
		return nil, nil
	}
	recorded, err := s.config.Store.Read(ctx, stream, now, events.Backward, int(min(now-known, maxChanges)))
	if err != nil {
		return nil, err
	}
	for i := range recorded {
		line, err := history.Describe(&recorded[i])
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines, nil
}
