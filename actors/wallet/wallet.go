package wallet

import (
	"fmt"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers wallets with the shell.
var Kind = core.Kind{Category: events.WalletCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of a holder's wallet.
func Stream(holder events.Holder) events.StreamID {
	return events.NewStreamID(events.WalletCategory, string(holder))
}

const (
	// MaxAmount is the maximum amount of one charge, in minor units.
	MaxAmount = 1_000_000_000_000
	// MaxBalance is the maximum balance after a charge, in minor units. A refund may exceed it.
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

// Refund returns the amount debited under the payment id and not refunded yet, and closes the id. If nothing was
// debited, it only closes the id. With a RefundID it refunds a part, Amount. Idempotent. Refusal: not_held (the
// part exceeds the amount not refunded yet).
type Refund struct {
	PaymentID events.HoldID
	RefundID  events.RefundID
	Amount    int64
}

// Payment is the state of a payment id.
type Payment struct {
	// Amount debited, 0 if the payment was cancelled before the debit.
	Amount int64
	// Closed reports whether the payment was refunded in full, or cancelled.
	Closed bool
	// Refunded is the amount refunded so far.
	Refunded int64
	// Parts are the refunds of parts of the payment.
	Parts []events.RefundID
}

// Remaining returns the amount not refunded yet.
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

// Balance returns the balance, in minor units.
func (w *Wallet) Balance() int64 { return w.balance }

// Payment returns the state of a payment id; ok is false if it is unknown.
func (w *Wallet) Payment(id events.HoldID) (Payment, bool) { return w.payments.Get(id) }

// NextDeadline implements [core.Core]: a wallet has none.
func (w *Wallet) NextDeadline() time.Time { return time.Time{} }

var errBadAmount = &core.Refusal{Code: core.CodeInvalidField, Detail: "amount must be from 1 to 1,000,000,000,000",
	Fields: map[string]any{"field": "amount"}}

var errClosed = &core.Refusal{Code: core.CodeNotHeld, Detail: "this payment was refunded or cancelled; start a new one"}

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
		return nil, &core.Refusal{Code: core.CodeLimitExceeded, Detail: "the charge would raise the balance above the limit; charge less",
			Fields: map[string]any{"balance": w.balance, "limit": int64(MaxBalance)}}
	}
	return []events.Fact{&events.WalletCharged{ChargeID: cmd.ID, Amount: cmd.Amount, Balance: w.balance + cmd.Amount}}, nil
}

func (w *Wallet) debit(cmd *Debit) ([]events.Fact, error) {
	payment, known := w.payments.Get(cmd.PaymentID)
	switch {
	case cmd.Amount < 1:
		return nil, errBadAmount
	case known && payment.Closed && payment.Amount == 0:
		return nil, ErrCancelled
	case known && payment.Closed:
		return nil, errClosed
	case known:
		return nil, nil
	case cmd.Amount > w.balance:
		return nil, InsufficientBalance(w.balance, cmd.Amount)
	}
	return []events.Fact{&events.WalletDebited{PaymentID: cmd.PaymentID, BookingID: bookingOf(cmd.PaymentID),
		Amount: cmd.Amount, Balance: w.balance - cmd.Amount}}, nil
}

// InsufficientBalance returns the refusal of a debit that exceeds the balance.
func InsufficientBalance(balance, amount int64) *core.Refusal {
	return &core.Refusal{Code: core.CodeInsufficientBalance,
		Detail: "the balance is less than the amount; charge the wallet and pay again",
		Fields: map[string]any{"balance": balance, "amount": amount}}
}

var errExceedsPayment = &core.Refusal{Code: core.CodeNotHeld, Detail: "the amount exceeds the part of the payment that is not refunded yet; refund less"}

func (w *Wallet) refund(cmd *Refund) ([]events.Fact, error) {
	payment, known := w.payments.Get(cmd.PaymentID)
	amount := payment.Remaining()
	switch {
	case !known:
		return []events.Fact{&events.WalletCancelled{PaymentID: cmd.PaymentID, BookingID: bookingOf(cmd.PaymentID)}}, nil
	case cmd.RefundID != "" && slices.Contains(payment.Parts, cmd.RefundID), cmd.RefundID == "" && payment.Closed:
		return nil, nil
	case cmd.RefundID != "" && (payment.Closed || cmd.Amount < 1 || cmd.Amount > amount):
		return nil, errExceedsPayment
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
		w.changeBalance(fact, f.Amount, f.Balance)
	case *events.WalletDebited:
		_, known := w.payments.Get(f.PaymentID)
		w.must(fact, !known)
		w.payments.Set(f.PaymentID, Payment{Amount: f.Amount})
		w.changeBalance(fact, -f.Amount, f.Balance)
	case *events.WalletRefunded:
		payment, known := w.payments.Get(f.PaymentID)
		part := f.RefundID != ""
		fits := part && f.Amount <= payment.Remaining() || f.Amount == payment.Remaining()
		w.must(fact, known && !payment.Closed && fits && !slices.Contains(payment.Parts, f.RefundID))
		if part {
			payment.Parts = append(slices.Clip(payment.Parts), f.RefundID)
		}
		payment.Refunded += f.Amount
		payment.Closed = payment.Remaining() == 0
		w.payments.Set(f.PaymentID, payment)
		w.changeBalance(fact, f.Amount, f.Balance)
	case *events.WalletCancelled:
		_, known := w.payments.Get(f.PaymentID)
		w.must(fact, !known)
		w.payments.Set(f.PaymentID, Payment{Closed: true})
	default:
		w.must(fact, false)
	}
}

// changeBalance changes the balance and checks it against the recorded one.
func (w *Wallet) changeBalance(fact events.Fact, by, balance int64) {
	w.must(fact, by != 0 && w.balance+by == balance && balance >= 0)
	w.balance = balance
}

// must panics unless the fact is valid after the facts before it. An invalid one means a damaged log.
func (w *Wallet) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("wallet: unexpected fact %s %+v at a balance of %d", fact.Name(), fact, w.balance))
	}
}
