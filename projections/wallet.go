package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

// foldWallet applies a fact of a wallet.
func (k *boxOffice) foldWallet(e *events.Recorded, fact events.Fact) error {
	holder := events.Holder(e.Stream.Entity())
	storedWallet, err := k.wallets.find(string(holder))
	if err != nil {
		return err
	}
	wallet := &row.Wallet{}
	if storedWallet != nil {
		wallet = &storedWallet.row
	}
	entry, err := wallet.ApplyFact(e, fact)
	if err != nil {
		return err
	}
	if storedWallet == nil {
		k.wallets.add(string(wallet.Holder), *wallet)
	} else {
		k.wallets.changed(storedWallet)
	}
	if entry != nil {
		k.entries.set(holderKey(wallet.Holder, uint64(entry.Revision)+1), entry)
		k.unfinished.postpone(entry.BookingID, e)
	}
	return nil
}

func (k *boxOffice) walletTable() *table[row.Wallet] { return k.wallets }

// Wallet returns the row of a holder's wallet, and whether it has events. Errors: the disk's.
func (p *Projections) Wallet(holder events.Holder) (row.Wallet, bool, error) {
	return rowOf(p, (*boxOffice).walletTable, string(holder))
}

// WalletEntries returns up to limit entries of a wallet, oldest first, after the cursor after: 0 for the first page,
// else the next of the previous page. next is 0 on the last page. Errors: the disk's.
func (p *Projections) WalletEntries(holder events.Holder, after uint64,
	limit int) (page []row.WalletEntry, next uint64, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, err
	}
	defer p.leave()
	next, err = owned(p, viewOf[*boxOffice](p).entries, string(holder), after, limit,
		func(w *row.WalletEntry) { page = append(page, *w) })
	return page, next, err
}
