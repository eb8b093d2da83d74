package events

import "time"

func init() {
	register[RefusalRecorded]()
	register[RefusalsDropped]()
}

// RefusalsCategory is that of the streams that keep refusals, one for each day in
// UTC: refusals-2031-05-01. They are no part of any entity's story of itself: an
// entity writes nothing for a no.
const RefusalsCategory = "refusals"

// RefusalsOf is the stream with the refusals of the day of t.
func RefusalsOf(t time.Time) StreamID {
	return NewStreamID(RefusalsCategory, t.UTC().Format(time.DateOnly))
}

// RefusalRecorded keeps a command that was refused: what was asked, by whom (the
// metadata's actor and time), and which fact stood in its way.
type RefusalRecorded struct {
	// Method and Path of the request, without query.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Stream of the entity that was asked.
	Stream string `json:"stream"`
	// Holder for whom it was, "" if nobody said.
	Holder string `json:"holder"`
	// Quantity of units or of the best seats, 0 if it was not about a number.
	Quantity int64 `json:"quantity"`
	// Hold says that units were to be held first.
	Hold bool `json:"hold"`
	// Section that the best seats were to be in, "" if in any.
	Section string `json:"section"`
	// Seats and TeamIDs by name, if it was about those.
	Seats   []string `json:"seats"`
	TeamIDs []string `json:"team_ids"`
	// Code and Detail of the answer.
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// BeatenStream, BeatenRevision and BeatenPosition are the newest fact that the
	// refusal was decided on: "", -1 and 0 if there was none.
	BeatenStream   string `json:"beaten_stream"`
	BeatenRevision int64  `json:"beaten_revision"`
	BeatenPosition int64  `json:"beaten_position"`
}

// Name is the frozen wire name.
func (*RefusalRecorded) Name() string { return "refusal.recorded.v1" }

// AppendJSON appends the fact as JSON.
func (f *RefusalRecorded) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("method", f.Method)
	o.String("path", f.Path)
	o.String("stream", f.Stream)
	o.String("holder", f.Holder)
	o.Int("quantity", f.Quantity)
	o.Bool("hold", f.Hold)
	o.String("section", f.Section)
	o.Strings("seats", f.Seats)
	o.Strings("team_ids", f.TeamIDs)
	o.String("code", f.Code)
	o.String("detail", f.Detail)
	o.String("beaten_stream", f.BeatenStream)
	o.Int("beaten_revision", f.BeatenRevision)
	o.Int("beaten_position", f.BeatenPosition)
	return o.Close()
}

// RefusalsDropped says that refusals were not kept, because there were too many.
type RefusalsDropped struct {
	// Count of them, Since when.
	Count int64     `json:"count"`
	Since time.Time `json:"since"`
}

// Name is the frozen wire name.
func (*RefusalsDropped) Name() string { return "refusals.dropped.v1" }

// AppendJSON appends the fact as JSON.
func (f *RefusalsDropped) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Int("count", f.Count)
	o.Time("since", f.Since)
	return o.Close()
}
