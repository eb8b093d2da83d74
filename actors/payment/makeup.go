package payment

import "admitone/events"

// MakeUp makes a withheld sum owed after all. Idempotent for the same cause. Refusal:
// amount_mismatch (more than is withheld).
type MakeUp struct {
	Cause  events.RefundCause
	Amount int64
}

func (p *Payment) makeUp(cmd *MakeUp) ([]events.Fact, error) {
	s := &p.state
	id := events.NewRefundID(s.Stream(), cmd.Cause, "kept")
	if _, before := s.Refund(id); before {
		return nil, nil
	}
	if cmd.Amount < 1 || cmd.Amount > s.Kept {
		return nil, mismatch("more is made up than was kept of it", s.Kept, s.Received.Currency)
	}
	return []events.Fact{&events.PaymentMadeUp{RefundID: id, Cause: cmd.Cause, Amount: cmd.Amount}}, nil
}
