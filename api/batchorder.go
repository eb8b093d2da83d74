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

// claim is a lock of a command in a batch on an entity. Commands whose claims have the same key run in the
// order given, except that shared claims do not exclude each other.
type claim struct {
	key    string
	shared bool
}

// claimed has the commands with a claim on one key that may not have ended.
type claimed struct {
	exclusive chan struct{}   // closed when the last exclusive one has ended; may be nil
	shared    []chan struct{} // closed when its later sharers have ended
}

// claim claims the entities of c until end is closed, and returns the channels that must be closed
// before c may begin.
func (b *batchRun) claim(c *batchCommand, end chan struct{}) (before []chan struct{}) {
	for _, claim := range b.claims(c) {
		has := b.claimed[claim.key]
		if has == nil {
			has = &claimed{}
			b.claimed[claim.key] = has
		}
		if has.exclusive != nil && has.exclusive != end {
			before = append(before, has.exclusive)
		}
		if claim.shared {
			has.shared = append(has.shared, end)
			continue
		}
		before = append(before, has.shared...)
		has.exclusive, has.shared = end, nil
	}
	return before
}

// claims returns the claims of a command: the resource in its path. Commands of bookings share a claim on
// the performance, and have exclusive ones on the seats and areas that they hold or return; see
// claimsOfNew and claimsOfBooking.
func (b *batchRun) claims(c *batchCommand) []claim {
	path, _, _ := strings.Cut(c.item.Path.text, "?")
	if plain, ok := normalPath(path); ok {
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
	return []claim{{key: parts[2] + "/" + parts[3]}}
}

// seatRequest has the members of a booking's body that determine its claims.
type seatRequest struct {
	Holder        events.Holder             `json:"holder"`
	Seats         []newSeat                 `json:"seats"`
	Areas         map[string]jsontext.Value `json:"areas"`
	BestAvailable jsontext.Value            `json:"best_available"`
}

// claimsOfNew returns the claims of a booking of named seats and areas: on these, on the holder if the
// performance has a limit per holder, and on the Idempotency-Key. ok is false for any other booking,
// which claims the whole performance.
func (b *batchRun) claimsOfNew(c *batchCommand, id events.PerformanceID) (claims []claim, ok bool) {
	var want seatRequest
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
		claims = append(claims, claim{key: "keys/" + string(id) + "/" + c.item.IdempotencyKey.text})
	}
	return claims, true
}

// isLimited reports whether a performance has a limit per holder. It reads it once in a batch, and
// not again after a failure of the log. known is false if it does not exist or can't be read.
func (b *batchRun) isLimited(id events.PerformanceID) (limited, known bool) {
	if of, checked := b.limited[id]; checked || b.readFailed {
		return of.limited, of.exists
	}
	var exists bool
	_, err := b.server.config.Desk.View(b.request.commandContext(), performance.Stream(id), func(c core.Core) {
		of := c.(*performance.Performance)
		exists, limited = of.Exists(), of.Terms().LimitPerHolder > 0
	})
	if err != nil {
		b.readFailed = true
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

// claimsOfBooking returns the claims of a command about a booking: on its seats and areas, which it may
// release or hold again, and on its holder, because of the wallet and the limit per holder. Commands of
// an unknown booking are ordered only among themselves.
func (b *batchRun) claimsOfBooking(segment string) []claim {
	b.catchUp()
	row, known, err := b.server.config.Views.Booking(decoded(segment))
	if err != nil || !known {
		return []claim{{key: "bookings/" + segment}}
	}
	claims := append(make([]claim, 0, 4), claim{"performances/" + string(row.PerformanceID), true},
		claim{key: "bookings/" + string(row.ID)}, claimOfHolder(row.Holder))
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
	if !b.caughtUp {
		_ = b.server.awaitViews(b.server.answered())
		b.caughtUp = true
	}
}

func claimOfSeat(id events.PerformanceID, name events.SeatName) claim {
	return claim{key: "seats/" + string(id) + "/" + string(name)}
}

func claimOfArea(id events.PerformanceID, area events.AreaID) claim {
	return claim{key: "areas/" + string(id) + "/" + string(area)}
}

func claimOfHolder(holder events.Holder) claim { return claim{key: "holders/" + string(holder)} }
