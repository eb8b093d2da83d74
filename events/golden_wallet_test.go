package events

func init() { addGolden(goldenWallet) }

var goldenWallet = map[string]Fact{
	"wallet.charged.v1":   &WalletCharged{ChargeID: "0198c0de-0000-7000-8000-000000000004", Amount: 20000, Balance: 25000},
	"wallet.debited.v1":   &WalletDebited{PaymentID: "b-3.1", BookingID: "b-3", Amount: 14400, Balance: 10600},
	"wallet.refunded.v1":  &WalletRefunded{PaymentID: "b-3.1", BookingID: "b-3", Amount: 14400, Balance: 25000},
	"wallet.cancelled.v1": &WalletCancelled{PaymentID: "b-3.2", BookingID: "b-3"},
}
