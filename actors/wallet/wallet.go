package wallet

import (
	"fmt"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of wallets.
var Kind = core.Kind{Category: events.WalletCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of a holder's wallet.
func Stream(holder events.Holder) events.StreamID {
	return events.NewStreamID(events.WalletCategory, string(holder))
}

const (
	// MaxAmount is the maximum of one charge, in minor units.
	MaxAmount = 1_000_000_000_000
	// MaxBalance is the maximum balance after a charge. Refunds may exceed it: that money was in
	// the wallet before.
	MaxBalance = 1_000_000_000_000_000
)

// Charge adds money to the wallet. Refusals: invalid_field (amount), limit_exceeded (the balance
// would exceed MaxBalance).
type Charge struct {
	ID events.ChargeID
	// Amount in minor units.
	Amount int64
}

// Debit pays for a booking. No-op if the payment id was debited before. Refusals: invalid_field
// (amount), not_held (the payment was refunded or cancelled), insufficient_balance.
type Debit struct {
	// PaymentID identifies the booking's payment.
	PaymentID events.HoldID
	// Amount in minor units, above 0.
	Amount int64
}

// Refund returns the amount debited under the payment id and not refunded yet, and closes the id; if
// nothing was debited, it only closes it. With a RefundID it refunds a part, Amount. Idempotent.
// Refusal: not_held (the part exceeds the rest).
type Refund struct {
	PaymentID events.HoldID
	RefundID  events.RefundID
	Amount    int64
}

// Payment is the state of a payment id.
type Payment struct {
	// Amount debited, 0 if the payment was cancelled before the debit.
	Amount int64
	// Closed: it was refunded in full, or cancelled.
	Closed bool
	// Refunded is the sum of Parts.
	Refunded int64
	// Parts are the refunds of parts of it.
	Parts []events.RefundID
}

// Remaining is the amount not refunded.
func (p *Payment) Remaining() int64 { return p.Amount - p.Refunded }

// Wallet is the state and the rules of one wallet. It implements [core.Core].
type Wallet struct {
	exists   bool
	balance  int64
	payments *core.Table[events.HoldID, Payment]
}

// New returns a wallet without money.
func New() core.Core { return &Wallet{payments: core.NewTable[events.HoldID, Payment]()} }

// Exists reports whether the wallet has facts.
func (w *Wallet) Exists() bool { return w.exists }

// Balance in minor units.
func (w *Wallet) Balance() int64 { return w.balance }

// Payment returns the state of a payment id; ok is false if it is unknown.
func (w *Wallet) Payment(id events.HoldID) (Payment, bool) { return w.payments.Get(id) }

// NextDeadline implements [core.Core]: a wallet has none.
func (w *Wallet) NextDeadline() time.Time { return time.Time{} }

var errBadAmount = &core.Refusal{Code: core.CodeInvalidField, Detail: "amount must be from 1 to 1,000,000,000,000",
	Fields: map[string]any{"field": "amount"}}

var errClosed = &core.Refusal{Code: core.CodeNotHeld, Detail: "this payment was given up; begin another"}

// ErrCancelled refuses a debit of a payment that was closed before anything was debited.
var ErrCancelled = &core.Refusal{Code: errClosed.Code, Detail: errClosed.Detail}

// Decide implements [core.Core].
func (w *Wallet) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *Charge:
		return w.charge(cmd)
	case *Debit:
		return w.debit(cmd)
	case *Refund:
		return w.refund(cmd)
	case *core.Expire:
		return nil, nil
	}
	panic(fmt.Sprintf("wallet: no rule for %T", cmd))
}

func (w *Wallet) charge(cmd *Charge) ([]events.Fact, error) {
	switch {
	case cmd.Amount < 1 || cmd.Amount > MaxAmount:
		return nil, errBadAmount
	case w.balance > MaxBalance-cmd.Amount:
		return nil, &core.Refusal{Code: core.CodeLimitExceeded, Detail: "the wallet can't hold that much",
			Fields: map[string]any{"balance": w.balance, "limit": int64(MaxBalance)}}
	}
	return []events.Fact{&events.WalletCharged{ChargeID: cmd.ID, Amount: cmd.Amount, Balance: w.balance + cmd.Amount}}, nil
}

func (w *Wallet) debit(cmd *Debit) ([]events.Fact, error) {
	paid, known := w.payments.Get(cmd.PaymentID)
	switch {
	case cmd.Amount < 1:
		return nil, errBadAmount
	case known && paid.Closed && paid.Amount == 0:
		return nil, ErrCancelled
	case known && paid.Closed:
		return nil, errClosed
	case known:
		return nil, nil
	case cmd.Amount > w.balance:
		return nil, TooLittle(w.balance, cmd.Amount)
	}
	return []events.Fact{&events.WalletDebited{PaymentID: cmd.PaymentID, BookingID: bookingOf(cmd.PaymentID),
		Amount: cmd.Amount, Balance: w.balance - cmd.Amount}}, nil
}

// TooLittle returns the refusal of a debit that exceeds the balance.
func TooLittle(balance, amount int64) *core.Refusal {
	return &core.Refusal{Code: core.CodeInsufficientBalance,
		Detail: "the wallet has too little; charge it and pay again",
		Fields: map[string]any{"balance": balance, "amount": amount}}
}

var errTooMuch = &core.Refusal{Code: core.CodeNotHeld, Detail: "that is more than is left of the payment"}

func (w *Wallet) refund(cmd *Refund) ([]events.Fact, error) {
	paid, known := w.payments.Get(cmd.PaymentID)
	amount := paid.Remaining()
	switch {
	case !known:
		return []events.Fact{&events.WalletCancelled{PaymentID: cmd.PaymentID, BookingID: bookingOf(cmd.PaymentID)}}, nil
	case cmd.RefundID != "" && slices.Contains(paid.Parts, cmd.RefundID), cmd.RefundID == "" && paid.Closed:
		return nil, nil
	case cmd.RefundID != "" && (paid.Closed || cmd.Amount < 1 || cmd.Amount > amount):
		return nil, errTooMuch
	case cmd.RefundID != "":
		amount = cmd.Amount
	}
	return []events.Fact{&events.WalletRefunded{PaymentID: cmd.PaymentID, BookingID: bookingOf(cmd.PaymentID),
		Amount: amount, Balance: w.balance + amount, RefundID: cmd.RefundID}}, nil
}

func bookingOf(paymentID events.HoldID) events.BookingID {
	booking, _, ok := events.CutHoldID(events.HoldOfPayment(paymentID))
	if !ok {
		panic("wallet: " + string(paymentID) + " is not the id of a payment")
	}
	return booking
}

// Evolve implements [core.Core].
func (w *Wallet) Evolve(fact events.Fact) {
	w.exists = true
	switch f := fact.(type) {
	case *events.WalletCharged:
		w.move(fact, f.Amount, f.Balance)
	case *events.WalletDebited:
		_, known := w.payments.Get(f.PaymentID)
		w.must(fact, !known)
		w.payments.Set(f.PaymentID, Payment{Amount: f.Amount})
		w.move(fact, -f.Amount, f.Balance)
	case *events.WalletRefunded:
		paid, known := w.payments.Get(f.PaymentID)
		part := f.RefundID != ""
		w.must(fact, known && !paid.Closed && (part && f.Amount <= paid.Remaining() || f.Amount == paid.Remaining()) &&
			!slices.Contains(paid.Parts, f.RefundID))
		if part {
			paid.Parts = append(slices.Clip(paid.Parts), f.RefundID)
		}
		paid.Refunded += f.Amount
		paid.Closed = paid.Remaining() == 0
		w.payments.Set(f.PaymentID, paid)
		w.move(fact, f.Amount, f.Balance)
	case *events.WalletCancelled:
		_, known := w.payments.Get(f.PaymentID)
		w.must(fact, !known)
		w.payments.Set(f.PaymentID, Payment{Closed: true})
	default:
		w.must(fact, false)
	}
}

// move changes the balance and checks it against the recorded one.
func (w *Wallet) move(fact events.Fact, by, balance int64) {
	w.must(fact, by != 0 && w.balance+by == balance && balance >= 0)
	w.balance = balance
}

// must panics at a fact that can't follow: the log is damaged, or money would come from nowhere.
func (w *Wallet) must(fact events.Fact, fits bool) {
	if !fits {
		panic(fmt.Sprintf("wallet: unexpected fact %s %+v at a balance of %d", fact.Name(), fact, w.balance))
	}
}
