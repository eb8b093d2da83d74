package settlement

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers settlements with the shell.
var Kind = core.Kind{Category: events.SettlementCategory, New: New, SnapshotVersion: snapshotVersion}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// Claim makes the reference settle a refund. Idempotent for the same refund. Refusal: payment_reference_used
// (the reference has settled another refund, which is in resource).
type Claim struct {
	Provider  events.Provider
	Reference string
	RefundID  events.RefundID
}

// Settlement is the state and the rule of one reference. It implements [core.Core].
type Settlement struct{ claimed events.SettlementClaimed }

// New returns a reference that has not settled a refund.
func New() core.Core { return &Settlement{} }

// RefundID is the refund that the reference has settled, "" for none.
func (s *Settlement) RefundID() events.RefundID { return s.claimed.RefundID }

// Decide implements [core.Core].
func (s *Settlement) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	claim, ok := cmd.(*Claim)
	switch {
	case !ok:
		panic(fmt.Sprintf("settlement: no rule for %T", cmd))
	case s.claimed.RefundID == claim.RefundID:
		return nil, nil
	case s.claimed.RefundID != "":
		return nil, &core.Refusal{Code: core.CodePaymentReferenceUsed,
			Detail: "this reference has settled another refund; give the reference of this refund",
			Fields: core.Fields{"resource": "/v1/refunds/" + string(s.claimed.RefundID)}}
	}
	return []events.Fact{&events.SettlementClaimed{Provider: claim.Provider, Reference: claim.Reference,
		RefundID: claim.RefundID}}, nil
}

// Evolve implements [core.Core].
func (s *Settlement) Evolve(fact events.Fact) {
	f, ok := fact.(*events.SettlementClaimed)
	if !ok || s.claimed.RefundID != "" || f.RefundID == "" {
		panic(fmt.Sprintf("settlement of refund %q: unexpected fact %s", s.claimed.RefundID, fact.Name()))
	}
	s.claimed = *f
}

// NextDeadline implements [core.Core]. A settlement has no deadline.
func (s *Settlement) NextDeadline() time.Time { return time.Time{} }

// Freeze implements [core.Core].
func (s *Settlement) Freeze() func(io.Writer) error {
	claimed := s.claimed
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(claimed) }
}

// Restore implements [core.Core].
func (s *Settlement) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&s.claimed) }
