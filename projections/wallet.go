package projections

import (
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Wallet is the fold of one holder's wallet. Balance = Charged - Debited + Refunded,
// always, in minor units of the currency.
type Wallet struct {
	Holder                              string
	Balance, Charged, Debited, Refunded int64
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// WalletEntryKind says what an entry of a wallet is.
type WalletEntryKind string

// The kinds of entries.
const (
	EntryCharged  WalletEntryKind = "charged"
	EntryDebited  WalletEntryKind = "debited"
	EntryRefunded WalletEntryKind = "refunded"
)

// WalletEntry is one movement of money in a wallet.
type WalletEntry struct {
	Kind WalletEntryKind
	// ID of the charge or of the payment.
	ID string
	// BookingID that was paid or refunded, "" of a charge.
	BookingID string
	// Amount moved, above 0, and Balance after it, in minor units.
	Amount, Balance int64
	// Revision and Position of the event, and the store's time of it.
	Revision events.Revision
	Position events.Position
	Created  time.Time
}

// Signed is the amount as it changed the balance.
func (w *WalletEntry) Signed() int64 {
	if w.Kind == EntryDebited {
		return -w.Amount
	}
	return w.Amount
}

// walletEntry is the movement that a fact is, nil if no money moves. ok is false for
// what is not a wallet's.
func walletEntry(e *events.Recorded, fact events.Fact) (entry *WalletEntry, ok bool) {
	switch f := fact.(type) {
	case *events.WalletCharged:
		entry = &WalletEntry{Kind: EntryCharged, ID: f.ChargeID, Amount: f.Amount, Balance: f.Balance}
	case *events.WalletDebited:
		entry = &WalletEntry{Kind: EntryDebited, ID: f.PaymentID, BookingID: f.BookingID, Amount: f.Amount, Balance: f.Balance}
	case *events.WalletRefunded:
		entry = &WalletEntry{Kind: EntryRefunded, ID: f.PaymentID, BookingID: f.BookingID, Amount: f.Amount, Balance: f.Balance}
	case *events.WalletCancelled:
		return nil, true
	default:
		return nil, false
	}
	entry.Revision, entry.Position, entry.Created = e.Revision, e.Position, e.Created
	return entry, true
}

// Apply takes the next event of the wallet's stream in, as [Product.Apply] does.
func (w *Wallet) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	_, err = w.apply(e, fact)
	return err
}

// apply returns the movement, nil if there is none or the row contains it already.
func (w *Wallet) apply(e *events.Recorded, fact events.Fact) (*WalletEntry, error) {
	at := revisionOf(w.Holder != "", w.Revision)
	if done, err := follows(e, fact, at, at == events.NoStream); done || err != nil {
		return nil, err
	}
	entry, ok := walletEntry(e, fact)
	if !ok {
		return nil, fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	next := *w
	if next.Holder == "" {
		next.Holder, next.Created = strings.Clone(e.Stream.Entity()), e.Created
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
			return nil, fmt.Errorf("%w: position %d: %s@%d moves %d and says that %d are left; it comes to %d",
				ErrViolated, e.Position, e.Stream, e.Revision, entry.Signed(), entry.Balance, next.Balance)
		}
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*w = next
	return entry, nil
}

func (k *boxOffice) foldWallet(e *events.Recorded, fact events.Fact) error {
	holder := e.Stream.Entity()
	found, err := k.wallets.find(holder)
	if err != nil {
		return err
	}
	row := &Wallet{}
	if found != nil {
		row = &found.row
	}
	entry, err := row.apply(e, fact)
	if err != nil {
		return err
	}
	if found == nil {
		k.wallets.add(row.Holder, *row)
	} else {
		k.wallets.changed(found)
	}
	if entry != nil {
		k.entries.set(holderKey(row.Holder, uint64(entry.Revision)+1), entry)
		k.unfinished.progress(entry.BookingID, e)
	}
	return nil
}

func appendWallet(dst []byte, w *Wallet) []byte {
	for _, n := range [...]int64{w.Balance, w.Charged, w.Debited, w.Refunded, int64(w.Revision), int64(w.Position)} {
		dst = appendInt(dst, n)
	}
	return appendTime(appendTime(dst, w.Created), w.Updated)
}

func decodeWallet(holder string, record []byte) (Wallet, error) {
	r := reader{rest: record}
	w := Wallet{
		Holder: holder, Balance: r.int(), Charged: r.int(), Debited: r.int(), Refunded: r.int(),
		Revision: events.Revision(r.int()), Position: events.Position(r.int()), Created: r.time(), Updated: r.time(),
	}
	return w, r.done()
}

func appendWalletEntry(dst []byte, w *WalletEntry) []byte {
	dst = appendString(appendString(appendString(dst, string(w.Kind)), w.ID), w.BookingID)
	for _, n := range [...]int64{w.Amount, w.Balance, int64(w.Revision), int64(w.Position)} {
		dst = appendInt(dst, n)
	}
	return appendTime(dst, w.Created)
}

func decodeWalletEntry(record []byte) (WalletEntry, error) {
	r := reader{rest: record}
	w := WalletEntry{
		Kind: WalletEntryKind(r.str()), ID: r.str(), BookingID: r.str(), Amount: r.int(), Balance: r.int(),
		Revision: events.Revision(r.int()), Position: events.Position(r.int()), Created: r.time(),
	}
	return w, r.done()
}

func (k *boxOffice) walletTable() *table[Wallet] { return k.wallets }

// Wallet returns the row of a holder's wallet, and whether anything ever happened
// to it. Errors: the disk's.
func (p *Projections) Wallet(holder string) (Wallet, bool, error) {
	return rowOf(p, (*boxOffice).walletTable, holder)
}

// WalletEntries returns up to limit movements of a wallet, the oldest first, behind
// the place after: 0 for the first page, else the next of the page before. next is 0
// if there are no more. Errors: the disk's.
func (p *Projections) WalletEntries(holder string, after uint64, limit int) (page []WalletEntry, next uint64, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, err
	}
	defer p.leave()
	next, err = owned(p, kindOf[*boxOffice](p).entries, holder, after, limit, func(w *WalletEntry) { page = append(page, *w) })
	return page, next, err
}
