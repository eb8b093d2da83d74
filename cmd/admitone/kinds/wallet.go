package kinds

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"admitone/actors/core"
	"admitone/actors/wallet"
	"admitone/api"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// walletKind is a holder's prepaid money.
var walletKind = register(&Kind{
	Name:     "wallet",
	Rules:    wallet.Kind,
	Show:     showingMoney(row.WalletAt, walletText, api.AppendWallet),
	Command:  walletCommand,
	Requests: walletRequests,
	Figures:  walletFigures,
})

func walletText(out io.Writer, w *row.Wallet, c events.Currency) error {
	_, err := fmt.Fprintf(out, `wallet/%s
  balance    %s = %s charged - %s debited + %s refunded
  revision   %d, position %d
  created    %s
  changed    %s
`, w.Holder, c.Text(w.Balance), c.Text(w.Charged), c.Text(w.Debited), c.Text(w.Refunded), w.Revision, w.Position,
		events.FormatTime(w.Created), events.FormatTime(w.Updated))
	return err
}

func walletCommand(request *demand.Request, _ events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.WalletCharged:
		return &wallet.Charge{ID: f.ChargeID, Amount: f.Amount}, nil
	}
	return nil, nil
}

func walletRequests(request *demand.Request) []*Request {
	f, ok := request.Fact.(*events.WalletCharged)
	if !ok {
		return nil
	}
	return setup(Post("/v1/wallets/"+url.PathEscape(request.Stream.Entity())+"/charges", members{"amount": f.Amount},
		On(request.Stream, Exclusive)))
}

func walletFigures(ctx context.Context, store events.Store, id string, at events.Position) (map[string]int64, error) {
	row, err := row.WalletAt(ctx, store, events.Holder(id), at)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"balance": row.Balance}, nil
}
