package events

import "time"

func init() {
	register[RefusalRecorded]()
	register[RefusalsDropped]()
}

// RefusalsCategory is the category of the streams that keep refusals, one for each day in UTC:
// refusals-2031-05-01. They are not part of an entity's stream: an entity writes nothing when it
// refuses.
const RefusalsCategory = "refusals"

// RefusalsOf returns the stream of refusals of the day of t.
func RefusalsOf(t time.Time) StreamID {
	return NewStreamID(RefusalsCategory, t.UTC().Format(time.DateOnly))
}

// RefusalRecorded records a refused command: the request, and the fact that led to the refusal. The
// metadata have the actor and the time.
type RefusalRecorded struct {
	// Method and Path of the request, without query.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Stream of the entity that refused.
	Stream string `json:"stream"`
	// Holder of the request, "" if it named none.
	Holder Holder `json:"holder"`
	// Quantity of units or of best seats, 0 if the request had none.
	Quantity int64 `json:"quantity"`
	// Hold is whether units were to be held first.
	Hold bool `json:"hold"`
	// Section of the best seats, "" for any.
	Section SectionID `json:"section"`
	// Seats and TeamIDs of the request, if it named any.
	Seats   []SeatName `json:"seats"`
	TeamIDs []TeamID   `json:"team_ids"`
	// Areas of the requested places, nil for none.
	Areas []WantedPlaces `json:"areas,omitzero"`
	// Code and Detail of the answer.
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// BeatenStream, BeatenRevision and BeatenPosition identify the newest fact that the refusal was
	// based on: "", -1 and 0 if there was none.
	BeatenStream   string `json:"beaten_stream"`
	BeatenRevision int64  `json:"beaten_revision"`
	BeatenPosition int64  `json:"beaten_position"`
}

func (*RefusalRecorded) Name() string { return "refusal.recorded.v1" }

// RefusalsDropped records that refusals were not kept because there were too many.
type RefusalsDropped struct {
	// Count of dropped refusals since Since.
	Count int64     `json:"count"`
	Since time.Time `json:"since"`
}

func (*RefusalsDropped) Name() string { return "refusals.dropped.v1" }
