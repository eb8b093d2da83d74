package events

func init() {
	register[WalletCharged]()
	register[WalletDebited]()
	register[WalletRefunded]()
	register[WalletCancelled]()
}

// WalletCharged adds money to a wallet.
type WalletCharged struct {
	ChargeID ChargeID `json:"charge_id"`
	// Amount is in minor units of the currency, above 0.
	Amount int64 `json:"amount"`
	// Balance is the balance after this fact.
	Balance int64 `json:"balance"`
}

func (*WalletCharged) Name() string { return "wallet.charged.v1" }

// WalletDebited pays for a booking, at most once for each payment id.
type WalletDebited struct {
	PaymentID HoldID    `json:"payment_id"`
	BookingID BookingID `json:"booking_id"`
	Amount    int64     `json:"amount"`
	// Balance is the balance after this fact.
	Balance int64 `json:"balance"`
}

func (*WalletDebited) Name() string { return "wallet.debited.v1" }

// WalletRefunded refunds a part of the debit with the same payment id, or all that is left of it. The sum of
// the refunds never exceeds the debit.
type WalletRefunded struct {
	PaymentID HoldID    `json:"payment_id"`
	BookingID BookingID `json:"booking_id"`
	Amount    int64     `json:"amount"`
	// Balance is the balance after this fact.
	Balance int64 `json:"balance"`
	// RefundID identifies the refund of a part, "" for all that is left.
	RefundID RefundID `json:"refund_id,omitempty"`
}

func (*WalletRefunded) Name() string { return "wallet.refunded.v1" }

// WalletCancelled closes a payment id that was never debited: a debit that is still in flight will be refused.
type WalletCancelled struct {
	PaymentID HoldID    `json:"payment_id"`
	BookingID BookingID `json:"booking_id"`
}

func (*WalletCancelled) Name() string { return "wallet.cancelled.v1" }
