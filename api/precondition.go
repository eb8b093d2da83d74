package api

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/events"
	"admitone/projections/history"
)

// maxChanges bounds the changes that are listed for a stale edit. The newest ones are listed.
const maxChanges = 20

// stalePrecondition returns the problem for a stale edit. It lists, as lines of the history, the changes from
// known, the revision on which the edit is based, to now, the revision at which the edit was refused.
func (r *request) stalePrecondition(refusal *core.Refusal, stream events.StreamID, known, now events.Revision) error {
	p := &problem{
		code:   refusal.Code,
		detail: staleDetail(refusal, known),
		fields: map[string]any{"current_revision": now},
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	lines, err := r.server.changes(ctx, stream, known, now)
	if err != nil {
		r.log().Error("the changes since a stale edit could not be read", "stream", stream, "error", err)
		return p // the refusal is valid without the changes
	}
	changes := []byte{'['}
	for i := range lines {
		if i > 0 {
			changes = append(changes, ',')
		}
		changes = AppendLine(changes, &lines[i])
	}
	p.fields["changes"] = jsontext.Value(append(changes, ']'))
	if earlier := int64(now-known) - int64(len(lines)); earlier > 0 {
		p.fields["earlier_changes"] = earlier
	}
	return p
}

// staleDetail returns why an edit is stale: the resource has changed, or If-Match was never a tag of it.
func staleDetail(refusal *core.Refusal, known events.Revision) string {
	if known == noSuchRevision {
		return "If-Match is not exactly a tag that this resource had; read it again and send its edit_tag in quotes, " +
			"or its ETag if it has none"
	}
	return refusal.Detail
}

// changes returns the newest events of a stream after known, up to now, in their order.
func (s *Server) changes(ctx context.Context, stream events.StreamID,
	known, now events.Revision) (lines []history.Line, err error) {
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
