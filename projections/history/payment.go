package history

import (
	"context"
	"fmt"

	"admitone/events"
)

func init() {
	register(kind{category: events.PaymentCategory, describe: describePayment, links: linksOfPayment, ids: Derived,
		example: "payment/bank~… (an external payment, by the hash of its reference)"})
	register(kind{category: events.SettlementCategory, describe: describeSettlement, ids: Derived,
		links: func(*links, *events.Recorded, events.Fact) {}, example: "settlement/bank~…"})
}

func linksOfPayment(l *links, _ *events.Recorded, fact events.Fact) {
	if f, ok := fact.(*events.PaymentReceived); ok {
		l.add(events.BookingCategory, string(f.BookingID))
		l.add(events.ProductCategory, string(f.ProductID))
	}
}

// externalPayment names an external payment by its stream, "" for none.
func externalPayment(payment events.StreamID) string {
	if payment == "" {
		return ""
	}
	return ", external payment: " + string(payment)
}

// currencyOf returns the currency of the amounts in a stream: that of the log or, for an external payment, that of the
// money received.
func currencyOf(ctx context.Context, store events.Store, stream events.StreamID) (events.Currency, error) {
	if stream.Category() == events.PaymentCategory {
		first, err := store.Read(ctx, stream, 0, events.Forward, 1)
		if err != nil || len(first) == 0 {
			return events.Currency{}, err
		}
		fact, err := first[0].Decode()
		if f, ok := fact.(*events.PaymentReceived); ok {
			received, _ := events.CurrencyOf(f.Currency)
			return received, nil
		}
		return events.Currency{}, err
	}
	return events.CurrencyIn(ctx, store, events.EndPosition)
}

// describePayment describes a fact of an external payment. Its stream names no holder.
func describePayment(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.PaymentReceived:
		text := fmt.Sprintf("%s received from %s under %q for %s", moneyIn(f.Amount, f.Currency), f.Provider, f.Reference,
			f.Path())
		if f.Wrong() {
			text += ", which costs " + moneyIn(f.Expected, f.ExpectedCurrency)
		}
		return text
	case *events.PaymentBooked:
		if f.PaymentID == "" {
			return fmt.Sprintf("%s paid for it", subj.money(f.Amount))
		}
		return fmt.Sprintf("%s paid for it: payment %s", subj.money(f.Amount), f.PaymentID)
	case *events.PaymentOwed:
		return fmt.Sprintf("all of it, %s, is owed (%s): refund %s", subj.money(f.Amount), f.Cause, f.RefundID)
	case *events.PaymentReturned:
		return fmt.Sprintf("given back (%s): %s owed, %s kept: refund %s", f.Cause, subj.money(f.Amount), subj.money(f.Kept),
			f.RefundID)
	case *events.PaymentMadeUp:
		return fmt.Sprintf("the withheld fee of %s is owed after all (%s): refund %s", subj.money(f.Amount), f.Cause, f.RefundID)
	case *events.PaymentRefunded:
		text := fmt.Sprintf("%s paid back under %q: refund %s", subj.money(f.Amount), f.Reference, f.RefundID)
		if f.Reason != "" {
			text += ", although the provider was requested to: " + f.Reason
		}
		return text
	case *events.PaymentRefundAsked:
		return fmt.Sprintf("the provider is requested to pay back the refund %s", f.RefundID)
	case *events.PaymentRefundFailed:
		return refundFailed(f, subj)
	}
	return ""
}

func refundFailed(f *events.PaymentRefundFailed, subj subject) string {
	text := fmt.Sprintf("the provider has not paid back the refund %s (%s)", f.RefundID, f.Failure)
	if f.Reference != "" {
		text += fmt.Sprintf(" under %q", f.Reference)
	}
	if f.Amount > 0 {
		text += fmt.Sprintf("; %s are owed again", subj.money(f.Amount))
	}
	return text
}

// moneyIn formats an amount in a currency by its code.
func moneyIn(minor int64, currency string) string {
	if c, ok := events.CurrencyOf(currency); ok {
		return c.Text(minor)
	}
	return fmt.Sprintf("%d minor units of %s", minor, currency)
}

func describeSettlement(fact events.Fact, subj subject) string {
	if f, ok := fact.(*events.SettlementClaimed); ok && subj.isEveryone() {
		return fmt.Sprintf("%q of %s counts for the refund %s", f.Reference, f.Provider, f.RefundID)
	}
	return ""
}
