package row

import (
	"context"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Wallet is the fold of one holder's wallet. Amounts are in minor units of the currency; Balance always equals
// Charged - Debited + Refunded.
type Wallet struct {
	Holder                              events.Holder
	Balance, Charged, Debited, Refunded int64
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// WalletEntryKind is the kind of a wallet's entry.
type WalletEntryKind string

// The kinds of entries.
const (
	EntryCharged  WalletEntryKind = "charged"
	EntryDebited  WalletEntryKind = "debited"
	EntryRefunded WalletEntryKind = "refunded"
)

// WalletEntry is one charge, debit or refund of a wallet.
type WalletEntry struct {
	Kind WalletEntryKind
	// ID is the id of the charge or of the payment.
	ID string
	// BookingID is the booking that was paid or refunded, "" for a charge.
	BookingID events.BookingID
	// Amount is the amount moved, above 0, and Balance the balance after it, in minor units.
	Amount, Balance int64
	// Revision, Position and store's time of the event.
	Revision events.Revision
	Position events.Position
	Created  time.Time
}

// Signed returns the change of the balance.
func (w *WalletEntry) Signed() int64 {
	if w.Kind == EntryDebited {
		return -w.Amount
	}
	return w.Amount
}

// walletEntry returns the entry that a fact makes, nil if it moves no money. ok is false for a fact of a
// different kind.
func walletEntry(e *events.Recorded, fact events.Fact) (entry *WalletEntry, ok bool) {
	switch f := fact.(type) {
	case *events.WalletCharged:
		entry = &WalletEntry{Kind: EntryCharged, ID: string(f.ChargeID), Amount: f.Amount, Balance: f.Balance}
	case *events.WalletDebited:
		entry = &WalletEntry{Kind: EntryDebited, ID: string(f.PaymentID), BookingID: f.BookingID, Amount: f.Amount,
			Balance: f.Balance}
	case *events.WalletRefunded:
		entry = &WalletEntry{Kind: EntryRefunded, ID: string(f.PaymentID), BookingID: f.BookingID, Amount: f.Amount,
			Balance: f.Balance}
	case *events.WalletCancelled:
		return nil, true
	default:
		return nil, false
	}
	entry.Revision, entry.Position, entry.Created = e.Revision, e.Position, e.Created
	return entry, true
}

// Apply applies the next event of the wallet's stream, as [Product.Apply] does.
func (w *Wallet) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	_, err = w.ApplyFact(e, fact)
	return err
}

// ApplyFact is Apply for an event whose fact has been decoded. It returns the entry, nil if
// there is none or the row already contains the event.
func (w *Wallet) ApplyFact(e *events.Recorded, fact events.Fact) (*WalletEntry, error) {
	at := revisionOf(w.Holder != "", w.Revision)
	if done, err := CheckNext(e, fact, at, at == events.NoStream); done || err != nil {
		return nil, err
	}
	entry, ok := walletEntry(e, fact)
	if !ok {
		return nil, fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	next := *w
	if next.Holder == "" {
		next.Holder, next.Created = events.Holder(strings.Clone(e.Stream.Entity())), e.Created
	}
	if entry != nil {
		next.Balance += entry.Signed()
		switch entry.Kind {
		case EntryCharged:
			next.Charged += entry.Amount
		case EntryDebited:
			next.Debited += entry.Amount
		default:
			next.Refunded += entry.Amount
		}
		if next.Balance != entry.Balance || next.Balance < 0 || entry.Amount < 1 {
			return nil, fmt.Errorf("%w: position %d: %s@%d moves %d and records a balance of %d; its facts add up to %d",
				ErrViolated, e.Position, e.Stream, e.Revision, entry.Signed(), entry.Balance, next.Balance)
		}
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*w = next
	return entry, nil
}

// AppendWallet appends the record of a wallet: all but the holder.
func AppendWallet(dst []byte, w *Wallet) []byte {
	for _, n := range [...]int64{w.Balance, w.Charged, w.Debited, w.Refunded, int64(w.Revision), int64(w.Position)} {
		dst = AppendInt(dst, n)
	}
	return AppendTime(AppendTime(dst, w.Created), w.Updated)
}

// DecodeWallet reads what [AppendWallet] wrote. Error: [ErrRecord].
func DecodeWallet(holder string, record []byte) (Wallet, error) {
	r := NewReader(record)
	w := Wallet{
		Holder: events.Holder(holder), Balance: r.Int(), Charged: r.Int(), Debited: r.Int(), Refunded: r.Int(),
		Revision: events.Revision(r.Int()), Position: events.Position(r.Int()), Created: r.Time(), Updated: r.Time(),
	}
	return w, r.Done()
}

// AppendWalletEntry appends the record of an entry.
func AppendWalletEntry(dst []byte, w *WalletEntry) []byte {
	dst = AppendString(AppendString(AppendString(dst, string(w.Kind)), w.ID), string(w.BookingID))
	for _, n := range [...]int64{w.Amount, w.Balance, int64(w.Revision), int64(w.Position)} {
		dst = AppendInt(dst, n)
	}
	return AppendTime(dst, w.Created)
}

// DecodeWalletEntry reads what [AppendWalletEntry] wrote. Error: [ErrRecord].
func DecodeWalletEntry(record []byte) (WalletEntry, error) {
	r := NewReader(record)
	w := WalletEntry{
		Kind: WalletEntryKind(r.Text()), ID: r.Text(), BookingID: events.BookingID(r.Text()), Amount: r.Int(),
		Balance: r.Int(), Revision: events.Revision(r.Int()), Position: events.Position(r.Int()), Created: r.Time(),
	}
	return w, r.Done()
}

// WalletAt folds a wallet up to a position; nil if it had no event by then. Errors: those of
// [Wallet.Apply]; the store's.
func WalletAt(ctx context.Context, store events.Store, holder events.Holder,
	position events.Position) (*Wallet, error) {
	return foldAt(ctx, store, events.NewStreamID(events.WalletCategory, string(holder)), position, (*Wallet).Apply)
}

// WalletEntriesAt returns up to limit entries of a wallet as of a position, oldest first, after
// the cursor after: 0 for the first page, else the next of the previous page. next is 0 on the
// last. Errors: those of [events.Recorded.Decode]; the store's.
func WalletEntriesAt(ctx context.Context, store events.Store, holder events.Holder, position events.Position,
	after uint64, limit int) (page []WalletEntry, next uint64, err error) {
	stream := events.NewStreamID(events.WalletCategory, string(holder))
	for e, err := range events.Stream(ctx, store, stream, events.Revision(after)) {
		if err != nil {
			return nil, 0, err
		}
		if e.Position > position {
			break
		}
		fact, err := e.Decode()
		if err != nil {
			return nil, 0, err
		}
		entry, _ := walletEntry(&e, fact)
		if entry == nil {
			continue
		}
		if len(page) == limit {
			return page, uint64(page[limit-1].Revision) + 1, nil
		}
		page = append(page, *entry)
	}
	return page, 0, nil
}
