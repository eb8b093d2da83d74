package payment

import (
	"slices"

	"admitone/events"
)

// Ask records that the provider is about to be asked to pay a refund. No-op for a refund that is settled, was
// requested already, or has failed at the provider.
type Ask struct{ RefundID events.RefundID }

// FailRefund records that the provider has not paid a refund after all. No-op for a refund that was
// not requested, or was settled under a reference other than the failed one.
type FailRefund struct {
	RefundID events.RefundID
	Failure  events.RefundFailure
	// Reference of the provider for the failed payout, "" if there is none.
	Reference string
}

func (p *Payment) requestRefund(cmd *Ask) ([]events.Fact, error) {
	refund, ok := p.state.Refund(cmd.RefundID)
	switch {
	case !ok:
		return nil, errNoRefund
	case refund.Reference != "" || refund.Asked || refund.Failure != "":
		return nil, nil
	}
	return []events.Fact{&events.PaymentRefundAsked{RefundID: refund.ID}}, nil
}

func (p *Payment) failRefund(cmd *FailRefund) ([]events.Fact, error) {
	refund, ok := p.state.Refund(cmd.RefundID)
	fact := &events.PaymentRefundFailed{RefundID: refund.ID, Failure: cmd.Failure, Reference: cmd.Reference}
	switch {
	case !ok:
		return nil, errNoRefund
	case refund.Reference != "" && refund.Reference == cmd.Reference:
		fact.Amount = refund.Amount
	case refund.Reference != "" || !refund.Asked:
		return nil, nil
	}
	return []events.Fact{fact}, nil
}

// evolveProviderRefund applies a fact about a refund at the provider and returns true. It returns false for any
// other fact, and for one that contradicts the state.
func (p *Payment) evolveProviderRefund(fact events.Fact) bool {
	s := &p.state
	at := func(id events.RefundID) *Refund {
		i := slices.IndexFunc(s.Refunds, func(r Refund) bool { return r.ID == id })
		if i < 0 {
			return &Refund{}
		}
		s.Refunds = slices.Clone(s.Refunds)
		return &s.Refunds[i]
	}
	switch f := fact.(type) {
	case *events.PaymentRefundAsked:
		refund := at(f.RefundID)
		if refund.ID == "" || refund.Reference != "" || refund.Asked || refund.Failure != "" {
			return false
		}
		refund.Asked = true
	case *events.PaymentRefundFailed:
		refund := at(f.RefundID)
		wasSettled := refund.Reference != ""
		if refund.ID == "" || f.Failure == "" || wasSettled && (refund.Reference != f.Reference || f.Amount != refund.Amount) ||
			!wasSettled && (f.Amount != 0 || !refund.Asked) {
			return false
		}
		refund.Asked, refund.Failure, refund.Reference = false, f.Failure, ""
		if f.Reference != "" {
			refund.Failed = append(slices.Clip(refund.Failed), f.Reference)
		}
		s.Owed, s.Refunded = s.Owed+f.Amount, s.Refunded-f.Amount
	default:
		return false
	}
	return true
}
