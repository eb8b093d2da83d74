package actors

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/seat"
	"admitone/events"
)

// chairState is a naive model of a seat. Every command has another holder, so no stay continues.
type chairState struct {
	status       events.SeatStatus
	owner        int   // the hold's number, 0 for nobody
	expires, now int64 // seconds
}

// chairSeen is the answer: the code of a refusal or the outcome, and the content of a view.
type chairSeen struct {
	outcome string
	status  events.SeatStatus
	owner   events.Holder
}

// claim is a command to the seat.
type claim struct {
	what string // hold, book, release, block, unblock
	hold int    // its number
}

func holdID(number int) events.HoldID {
	if number == 0 {
		return ""
	}
	return events.NewHoldID(events.BookingID(fmt.Sprint("b", number)), 1)
}

func (c claim) command() core.Command {
	switch id := holdID(c.hold); c.what {
	case "hold":
		return &seat.Hold{HoldID: id, Holder: events.Holder(NewCommandID()), HoldFor: time.Minute}
	case "book":
		return &seat.Book{HoldID: id}
	case "release":
		return &seat.Release{HoldID: id, Reason: events.ReleasedCancelled}
	case "block":
		return &seat.Block{}
	}
	return &seat.Unblock{}
}

// step returns the answer to a claim and the state after it.
func (s chairState) step(input any) (any, any) {
	if waited, ok := input.(pause); ok {
		s.now += int64(time.Duration(waited) / time.Second)
		return nil, s
	}
	if s.status == events.SeatIsHeld && s.expires < s.now {
		s.status, s.owner = events.SeatIsFree, 0
	}
	if input == (readInput{}) {
		return chairSeen{status: s.status, owner: events.Holder(holdID(s.owner))}, s
	}
	c, before := input.(claim), s
	mine := c.hold == s.owner
	outcome := "nothing"
	switch {
	case c.what == "hold" && s.status == events.SeatIsFree:
		s.status, s.owner, s.expires = events.SeatIsHeld, c.hold, s.now+60+int64(seat.Grace/time.Second)
	case c.what == "hold" && !mine, c.what == "block" && s.owner != 0:
		outcome = "seat_taken"
	case c.what == "book" && !mine:
		outcome = "not_held"
	case c.what == "book":
		s.status = events.SeatIsBooked
	case c.what == "release" && mine:
		s.status, s.owner = events.SeatIsFree, 0
	case c.what == "block":
		s.status = events.SeatIsBlocked
	case c.what == "unblock" && s.status == events.SeatIsBlocked:
		s.status = events.SeatIsFree
	}
	if s.status != before.status {
		outcome = map[string]string{"hold": "seat.held.v1", "book": "seat.booked.v1", "release": "seat.released.v1",
			"block": "seat.blocked.v1", "unblock": "seat.unblocked.v1"}[c.what]
	}
	return chairSeen{outcome: outcome}, s
}

// chairSubject is a seat as a subject of histories.
func chairSubject() *subject {
	holds := 0
	return &subject{
		stream: seat.Stream("gala", "A-1-1"), create: &seat.Unblock{}, // which does nothing
		init: chairState{status: events.SeatIsFree},
		randomInput: func(rng *rand.Rand) any {
			what := []string{"hold", "hold", "hold", "again", "book", "book", "release", "release", "block", "unblock", "look", "wait"}[rng.IntN(12)]
			switch what {
			case "hold":
				holds++
				return claim{what, holds}
			case "look":
				return readInput{}
			case "wait":
				return pause(35 * time.Second)
			case "block", "unblock":
				return claim{what: what}
			}
			recent := 1 + max(0, holds-1-rng.IntN(4))
			if what == "again" {
				what = "hold"
			}
			return claim{what, recent}
		},
		readState: func(c core.Core) any {
			owner, _ := c.(*seat.Seat).Owner()
			return chairSeen{status: c.(*seat.Seat).Status(), owner: events.Holder(owner)}
		},
		readAnswer: func(answer Answer, refusal *core.Refusal) any {
			switch {
			case refusal != nil:
				return chairSeen{outcome: string(refusal.Code)}
			case len(answer.Facts) == 0:
				return chairSeen{outcome: "nothing"}
			}
			return chairSeen{outcome: answer.Facts[0].Name()}
		},
	}
}

// TestSeatHistoriesAreLinearizable: see checkLinearizable.
func TestSeatHistoriesAreLinearizable(t *testing.T) { checkLinearizable(t, chairSubject) }
