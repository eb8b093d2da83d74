package payment

import "admitone/events"

// MakeUp makes a withheld amount owed after all. Idempotent for the same cause. Refusal: amount_mismatch (not
// from 1 to the amount withheld).
type MakeUp struct {
	Cause  events.RefundCause
	Amount int64
}

func (p *Payment) makeUp(cmd *MakeUp) ([]events.Fact, error) {
	s := &p.state
	id := events.NewRefundID(s.Stream(), cmd.Cause, "kept")
	if _, exists := s.Refund(id); exists {
		return nil, nil
	}
	if cmd.Amount < 1 || cmd.Amount > s.Kept {
		return nil, mismatch("the amount exceeds what was withheld of this payment", s.Kept, s.Received.Currency)
	}
	return []events.Fact{&events.PaymentMadeUp{RefundID: id, Cause: cmd.Cause, Amount: cmd.Amount}}, nil
}
