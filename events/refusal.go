package events

import "time"

func init() {
	register[RefusalRecorded]()
	register[RefusalsDropped]()
}

// RefusalsCategory is the category of the streams of refusals, one for each day in UTC: refusals-2031-05-01.
// An entity writes nothing to its own stream when it refuses a command.
const RefusalsCategory = "refusals"

// RefusalsOf returns the stream of refusals for the day of t.
func RefusalsOf(t time.Time) StreamID {
	return NewStreamID(RefusalsCategory, t.UTC().Format(time.DateOnly))
}

// RefusalRecorded records a refused command: the request, and the fact that led to the refusal. The event's
// metadata have the actor and the time.
type RefusalRecorded struct {
	// Method and Path are those of the request, without the query.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Stream is the stream of the entity that refused.
	Stream string `json:"stream"`
	// Holder is the holder named by the request, "" for none.
	Holder Holder `json:"holder"`
	// Quantity is the number of units or of best seats requested, 0 for none.
	Quantity int64 `json:"quantity"`
	// Hold reports whether the request was for a hold of units.
	Hold bool `json:"hold"`
	// Section is the section requested for best seats, "" for any.
	Section SectionID `json:"section"`
	// Seats and TeamIDs are those named by the request.
	Seats   []SeatName `json:"seats"`
	TeamIDs []TeamID   `json:"team_ids"`
	// Areas has the places requested, nil for none.
	Areas []WantedPlaces `json:"areas,omitzero"`
	// Code and Detail are those of the response.
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// BeatenStream, BeatenRevision and BeatenPosition identify the newest fact that the refusal was
	// based on: "", -1 and 0 if there was none.
	BeatenStream   string `json:"beaten_stream"`
	BeatenRevision int64  `json:"beaten_revision"`
	BeatenPosition int64  `json:"beaten_position"`
}

func (*RefusalRecorded) Name() string { return "refusal.recorded.v1" }

// RefusalsDropped records that refusals were not recorded because there were too many.
type RefusalsDropped struct {
	// Count is the number of refusals dropped since Since.
	Count int64     `json:"count"`
	Since time.Time `json:"since"`
}

func (*RefusalsDropped) Name() string { return "refusals.dropped.v1" }
