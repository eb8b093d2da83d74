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

// claim is a lock that a command of a batch takes on an entity. Commands with claims on the same key run in
// the order of the batch, except that shared claims do not exclude each other.
type claim struct {
	key    string
	shared bool
}

// claimants are the commands that claim a key, as far as later commands have to wait for them.
type claimants struct {
	exclusive chan struct{}   // closed when the last command with an exclusive claim has ended; nil for none
	shared    []chan struct{} // of the later commands with shared claims; each is closed when its command has ended
}

// claim takes the claims of c, which it holds until end is closed. It returns the channels that must be
// closed before c may start.
func (b *batchRun) claim(c *batchCommand, end chan struct{}) (before []chan struct{}) {
	for _, claim := range b.claims(c) {
		earlier := b.claimants[claim.key]
		if earlier == nil {
			earlier = &claimants{}
			b.claimants[claim.key] = earlier
		}
		if earlier.exclusive != nil && earlier.exclusive != end {
			before = append(before, earlier.exclusive)
		}
		if claim.shared {
			earlier.shared = append(earlier.shared, end)
			continue
		}
		before = append(before, earlier.shared...)
		earlier.exclusive, earlier.shared = end, nil
	}
	return before
}

// claims returns the claims of a command. Most commands claim the resource in their path. Commands about
// bookings share a claim on the performance, and have exclusive claims on the seats and areas that they hold
// or return; see claimsOfNewBooking and claimsOfBooking.
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
		if claims, ok := b.claimsOfNewBooking(c, events.PerformanceID(decoded(parts[3]))); ok {
			return claims
		}
	}
	return []claim{{key: parts[2] + "/" + parts[3]}}
}

// seatRequest has the members of a new booking's body that determine its claims.
type seatRequest struct {
	Holder        events.Holder             `json:"holder"`
	Seats         []newSeat                 `json:"seats"`
	Areas         map[string]jsontext.Value `json:"areas"`
	BestAvailable jsontext.Value            `json:"best_available"`
}

// claimsOfNewBooking returns the claims of a new booking of named seats and areas: on the seats and areas,
// on the holder if the performance has a limit per holder, and on the Idempotency-Key. ok is false for any
// other booking, which has to claim the whole performance.
func (b *batchRun) claimsOfNewBooking(c *batchCommand, id events.PerformanceID) (claims []claim, ok bool) {
	var body seatRequest
	if json.Unmarshal(c.item.Body, &body) != nil || body.BestAvailable != nil || len(body.Seats)+len(body.Areas) == 0 {
		return nil, false
	}
	limited, known := b.hasHolderLimit(id)
	if !known {
		return nil, false
	}
	claims = append(make([]claim, 0, 4), claim{"performances/" + string(id), true})
	for _, seat := range body.Seats {
		claims = append(claims, claimOfSeat(id, seat.name))
	}
	for area := range body.Areas {
		claims = append(claims, claimOfArea(id, events.AreaID(area)))
	}
	if limited {
		claims = append(claims, claimOfHolder(cmp.Or(body.Holder, b.request.caller.sub)))
	}
	if c.item.IdempotencyKey.given {
		claims = append(claims, claim{key: "keys/" + string(id) + "/" + c.item.IdempotencyKey.text})
	}
	return claims, true
}

// hasHolderLimit reports whether a performance has a limit per holder. known is false if the performance does
// not exist or can't be read. Each performance is read once per batch, and none after the log has failed.
func (b *batchRun) hasHolderLimit(id events.PerformanceID) (limited, known bool) {
	if p, checked := b.holderLimits[id]; checked || b.readFailed {
		return p.limited, p.exists
	}
	var exists bool
	_, err := b.server.config.Desk.View(b.request.commandContext(), performance.Stream(id), func(c core.Core) {
		p := c.(*performance.Performance)
		exists, limited = p.Exists(), p.Terms().LimitPerHolder > 0
	})
	if err != nil {
		b.readFailed = true
		return false, false
	}
	if b.holderLimits == nil {
		b.holderLimits = map[events.PerformanceID]holderLimit{}
	}
	b.holderLimits[id] = holderLimit{exists, limited}
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
		_ = b.server.awaitViews(b.server.answeredPosition())
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
