package api

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/events"
	"admitone/projections"
)

// maxChanges bounds the changes that a stale edit is told: the newest of them.
const maxChanges = 20

// stale refuses an edit of something that has changed since the caller read it at
// revision known, and tells what has happened since, up to the revision that it was
// refused at: in words, as a history does.
func (r *request) stale(refusal *core.Refusal, stream events.StreamID, known, now events.Revision) error {
	p := &problem{code: refusal.Code, detail: refusal.Detail, fields: map[string]any{"current_revision": now}}
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	lines, err := r.server.changes(ctx, stream, known, now)
	if err != nil {
		r.log().Error("what changed could not be read", "stream", stream, "error", err)
		return p // the refusal stands without it
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

// changes tells the newest events of a stream behind known, up to now, oldest first.
func (s *Server) changes(ctx context.Context, stream events.StreamID, known, now events.Revision) (lines []projections.Line, err error) {
	if known >= now {
		return nil, nil
	}
	recorded, err := s.config.Store.Read(ctx, stream, now, events.Backward, int(min(now-known, maxChanges)))
	if err != nil {
		return nil, err
	}
	for i := range recorded {
		line, err := projections.Tell(&recorded[i])
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines, nil
}
