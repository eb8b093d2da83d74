package seat

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var errTaken = &core.Refusal{Code: core.CodeSeatTaken, Detail: "the seat is taken; choose another"}

var errOffSale = &core.Refusal{Code: errTaken.Code, Detail: "the seat is not on sale; choose another"}

var errInUse = &core.Refusal{
	Code:   errTaken.Code,
	Detail: "the seat is held or booked; only a free seat can be taken off sale",
}

var errOtherLabel = &core.Refusal{Code: errTaken.Code, Detail: "the seat is blocked under a different label"}

var errNotHeld = &core.Refusal{Code: core.CodeNotHeld, Detail: "the seat is no longer held for this booking"}

// Decide implements [core.Core].
func (s *Seat) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *Hold:
		return s.hold(cmd, now)
	case *Extend:
		return s.extend(cmd)
	case *Book:
		return s.book(cmd)
	case *Release:
		return s.release(cmd, now), nil
	case *Block:
		return s.decideBlock(cmd)
	case *Unblock:
		return s.decideUnblock(cmd), nil
	case *core.Expire:
		if s.expires == 0 || s.expires >= now.UnixNano() {
			return nil, nil
		}
		return []events.Fact{&events.SeatExpired{HoldID: s.holdID, Holder: s.holder, ExpiresAt: moment(s.expires),
			Label: s.Label()}}, nil
	}
	panic(fmt.Sprintf("seat: no rule for %T", cmd))
}

func (s *Seat) hold(cmd *Hold, now time.Time) ([]events.Fact, error) {
	booking, attempt, ok := events.CutHoldID(cmd.HoldID)
	if !ok {
		panic("seat: " + string(cmd.HoldID) + " is not the id of a hold")
	}
	fact := &events.SeatHeld{
		HoldID:    cmd.HoldID,
		BookingID: booking,
		Holder:    cmd.Holder,
		Price:     cmd.Price,
		Attempt:   attempt,
		Terms:     cmd.Terms,
		Label:     s.Label(),
	}
	switch {
	case s.holdID == cmd.HoldID:
		return nil, nil
	case s.Available(cmd.Label):
		first, refusal := s.stay(cmd, now)
		if refusal != nil {
			return nil, refusal
		}
		fact.FirstHeldAt, fact.ExpiresAt = first, deadline(cmd, first, now)
		return []events.Fact{fact}, nil
	case s.status == events.SeatIsHeld && cmd.Retake && s.heldByEarlierAttempt(booking, attempt):
		fact.FirstHeldAt = moment(s.first)
		fact.ExpiresAt = deadline(cmd, fact.FirstHeldAt, now)
		return []events.Fact{s.released(events.ReleasedRetaken, now), fact}, nil
	case s.status == events.SeatIsBlocked:
		return nil, errOffSale
	}
	return nil, errTaken
}

// heldByEarlierAttempt reports whether an earlier attempt of the booking has the seat.
func (s *Seat) heldByEarlierAttempt(booking events.BookingID, attempt int64) bool {
	heldBooking, heldAttempt, _ := events.CutHoldID(s.holdID)
	return heldBooking == booking && heldAttempt < attempt
}

// stay returns the start of the stay that a hold of the free seat belongs to, or limit_exceeded if the
// holder's stay has reached its limit.
func (s *Seat) stay(cmd *Hold, now time.Time) (time.Time, *core.Refusal) {
	if s.holder != cmd.Holder || now.Sub(moment(s.freed)) >= cmd.HoldFor {
		return now.UTC(), nil
	}
	first := moment(s.first)
	if !cmd.Retake && !now.Before(stayLimit(first, cmd.HoldFor)) {
		until := moment(s.freed).Add(cmd.HoldFor)
		return time.Time{}, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "the holder has held this seat for as long as allowed; try again at " + until.Format(time.RFC3339),
			Fields: map[string]any{"until": until}}
	}
	return first, nil
}

// stayLimit returns the latest end of a stay that began at first.
func stayLimit(first time.Time, holdFor time.Duration) time.Time { return first.Add(2 * holdFor) }

// deadline returns the deadline of a hold in a stay that began at first.
func deadline(cmd *Hold, first, now time.Time) time.Time {
	if cmd.Retake {
		return now.UTC().Add(Grace)
	}
	at := now.UTC().Add(cmd.HoldFor)
	if end := stayLimit(first, cmd.HoldFor); end.Before(at) {
		at = end
	}
	return at.Add(Grace)
}

func (s *Seat) extend(cmd *Extend) ([]events.Fact, error) {
	switch {
	case s.status != events.SeatIsHeld || s.holdID != cmd.HoldID:
		return nil, errNotHeld
	case cmd.ExpiresAt.UnixNano() <= s.expires:
		return nil, nil
	case cmd.ExpiresAt.After(stayLimit(moment(s.first), cmd.HoldFor).Add(cmd.intentTime() + Grace)):
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "the seat can't be held that long; pay, or release it"}
	}
	return []events.Fact{&events.SeatExtended{HoldID: cmd.HoldID, ExpiresAt: cmd.ExpiresAt.UTC(),
		Intent: cmd.Intent}}, nil
}

// intentTime returns the time by which the extension may exceed the limit of a stay.
func (e *Extend) intentTime() time.Duration {
	if e.Intent == "" {
		return 0
	}
	return events.MaxIntent
}

func (s *Seat) book(cmd *Book) ([]events.Fact, error) {
	switch {
	case s.holdID != cmd.HoldID:
		return nil, errNotHeld
	case s.status == events.SeatIsBooked:
		return nil, nil
	}
	booking, _, _ := events.CutHoldID(s.holdID)
	return []events.Fact{&events.SeatBooked{HoldID: s.holdID, BookingID: booking, Holder: s.holder}}, nil
}

func (s *Seat) release(cmd *Release, now time.Time) []events.Fact {
	if cmd.HoldID == "" || s.holdID != cmd.HoldID {
		return nil
	}
	return []events.Fact{s.released(cmd.Reason, now)}
}

func (s *Seat) released(reason events.ReleaseReason, now time.Time) *events.SeatReleased {
	return &events.SeatReleased{HoldID: s.holdID, Holder: s.holder, Was: s.status, Reason: reason, ReleasedAt: now.UTC(),
		Label: s.Label()}
}

func (s *Seat) decideBlock(cmd *Block) ([]events.Fact, error) {
	switch {
	case cmd.Change != 0 && cmd.Change <= s.latest():
		return nil, nil
	case s.status == events.SeatIsFree:
		return []events.Fact{&events.SeatBlocked{Label: cmd.Label, Change: cmd.Change}}, nil
	case s.status != events.SeatIsBlocked:
		return nil, errInUse
	case cmd.Label != "" && cmd.Label != s.Label():
		return nil, errOtherLabel
	}
	return nil, nil
}

func (s *Seat) decideUnblock(cmd *Unblock) []events.Fact {
	switch {
	case s.status == events.SeatIsBlocked && (cmd.Label == "" || cmd.Label == s.Label()) &&
		(cmd.Change == 0 || cmd.Change == s.Change()):
		return []events.Fact{&events.SeatUnblocked{}}
	case s.status == events.SeatIsFree && cmd.Change > s.latest():
		// The change has not arrived. After these facts, it has no effect.
		return []events.Fact{&events.SeatBlocked{Label: cmd.Label, Change: cmd.Change}, &events.SeatUnblocked{}}
	}
	return nil
}
