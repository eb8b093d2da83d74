package api

import (
	"cmp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// claim is an entity of a command in a batch. Commands with the same claim run in the order given,
// except that sharers of it run at the same time.
type claim struct {
	thing  string
	shared bool
}

// claimed are the commands that have claimed a thing and may not have ended.
type claimed struct {
	alone  chan struct{}   // closed when the last exclusive one has ended; may be nil
	shared []chan struct{} // closed when its later sharers have ended
}

// claim claims the entities of c until end is closed, and returns the channels that must be closed
// before c may begin.
func (b *batchRun) claim(c *batchCommand, end chan struct{}) (before []chan struct{}) {
	for _, claim := range b.claims(c) {
		has := b.claimed[claim.thing]
		if has == nil {
			has = &claimed{}
			b.claimed[claim.thing] = has
		}
		if has.alone != nil && has.alone != end {
			before = append(before, has.alone)
		}
		if claim.shared {
			has.shared = append(has.shared, end)
			continue
		}
		before = append(before, has.shared...)
		has.alone, has.shared = end, nil
	}
	return before
}

// claims returns the claims of a command: the resource in its path. Bookings share their
// performance and claim the seats and areas that they take or give back; see claimsOfNew and
// claimsOfBooking.
func (b *batchRun) claims(c *batchCommand) []claim {
	path, _, _ := strings.Cut(c.item.Path.text, "?")
	if plain, ok := plainPath(path); ok {
		path = plain
	}
	parts := strings.SplitN(path, "/", 5) // "", v1, kind, id, rest
	if len(parts) < 4 {
		return nil
	}
	switch {
	case parts[2] == "bookings":
		return b.claimsOfBooking(parts[3])
	case parts[2] == "performances" && len(parts) == 5 && parts[4] == "bookings" &&
		c.item.Method.text == fiber.MethodPost && !c.item.AdmissionPass.given:
		if claims, ok := b.claimsOfNew(c, events.PerformanceID(decoded(parts[3]))); ok {
			return claims
		}
	}
	return []claim{{thing: parts[2] + "/" + parts[3]}}
}

// seatsWanted is the part of the body of a booking that its order goes by.
type seatsWanted struct {
	Holder        events.Holder             `json:"holder"`
	Seats         []newSeat                 `json:"seats"`
	Areas         map[string]jsontext.Value `json:"areas"`
	BestAvailable jsontext.Value            `json:"best_available"`
}

// claimsOfNew returns the claims of a booking that names its seats and areas: those, the holder if the
// performance has a limit per holder, and its key. ok is false for any other booking, which
// claims the whole performance.
func (b *batchRun) claimsOfNew(c *batchCommand, id events.PerformanceID) (claims []claim, ok bool) {
	var want seatsWanted
	if json.Unmarshal(c.item.Body, &want) != nil || want.BestAvailable != nil || len(want.Seats)+len(want.Areas) == 0 {
		return nil, false
	}
	limited, known := b.isLimited(id)
	if !known {
		return nil, false
	}
	claims = append(make([]claim, 0, 4), claim{"performances/" + string(id), true})
	for _, seat := range want.Seats {
		claims = append(claims, claimOfSeat(id, seat.name))
	}
	for area := range want.Areas {
		claims = append(claims, claimOfArea(id, events.AreaID(area)))
	}
	if limited {
		claims = append(claims, claimOfHolder(cmp.Or(want.Holder, b.request.caller.sub)))
	}
	if c.item.IdempotencyKey.given {
		claims = append(claims, claim{thing: "keys/" + string(id) + "/" + c.item.IdempotencyKey.text})
	}
	return claims, true
}

// isLimited reports whether a performance has a limit per holder. It reads it once in a batch, and
// not again after a failure of the log. known is false if it does not exist or can't be read.
func (b *batchRun) isLimited(id events.PerformanceID) (limited, known bool) {
	if of, asked := b.limited[id]; asked || b.unread {
		return of.limited, of.exists
	}
	var exists bool
	_, err := b.server.config.Desk.View(b.request.asking(), performance.Stream(id), func(c core.Core) {
		of := c.(*performance.Performance)
		exists, limited = of.Exists(), of.Terms().LimitPerHolder > 0
	})
	if err != nil {
		b.unread = true
		return false, false
	}
	if b.limited == nil {
		b.limited = map[events.PerformanceID]holderLimit{}
	}
	b.limited[id] = holderLimit{exists, limited}
	return limited, exists
}

// holderLimit is the existence of a performance and of its limit per holder.
type holderLimit struct{ exists, limited bool }

// claimsOfBooking returns the claims of a command about a booking: its seats and areas, which it
// gives back or takes again, and its holder, whose wallet pays and whose allowance it counts for.
// Commands of an unknown booking are ordered only among themselves.
func (b *batchRun) claimsOfBooking(segment string) []claim {
	b.catchUp()
	row, known, err := b.server.config.Views.Booking(decoded(segment))
	if err != nil || !known {
		return []claim{{thing: "bookings/" + segment}}
	}
	claims := append(make([]claim, 0, 4), claim{"performances/" + string(row.PerformanceID), true},
		claim{thing: "bookings/" + string(row.ID)}, claimOfHolder(row.Holder))
	for i := range row.Seats {
		claims = append(claims, claimOfSeat(row.PerformanceID, row.Seats[i].Seat))
	}
	for i := range row.Areas {
		claims = append(claims, claimOfArea(row.PerformanceID, row.Areas[i].Area))
	}
	return claims
}

// catchUp waits, once in a batch, until the views include all earlier answers. If that fails, fewer
// commands are ordered.
func (b *batchRun) catchUp() {
	if !b.seen {
		_ = b.server.seen(b.server.answered())
		b.seen = true
	}
}

func claimOfSeat(id events.PerformanceID, name events.SeatName) claim {
	return claim{thing: "seats/" + string(id) + "/" + string(name)}
}

func claimOfArea(id events.PerformanceID, area events.AreaID) claim {
	return claim{thing: "areas/" + string(id) + "/" + string(area)}
}

func claimOfHolder(holder events.Holder) claim { return claim{thing: "holders/" + string(holder)} }
