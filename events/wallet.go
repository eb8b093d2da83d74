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
	// Amount in minor units of the currency, above 0.
	Amount int64 `json:"amount"`
	// Balance after it.
	Balance int64 `json:"balance"`
}

func (*WalletCharged) Name() string { return "wallet.charged.v1" }

// WalletDebited pays for a booking, once for each payment id.
type WalletDebited struct {
	PaymentID HoldID    `json:"payment_id"`
	BookingID BookingID `json:"booking_id"`
	Amount    int64     `json:"amount"`
	// Balance after it.
	Balance int64 `json:"balance"`
}

func (*WalletDebited) Name() string { return "wallet.debited.v1" }

// WalletRefunded refunds the debit under the payment id: the whole rest, or a part. Together that
// is never more than the debit.
type WalletRefunded struct {
	PaymentID HoldID    `json:"payment_id"`
	BookingID BookingID `json:"booking_id"`
	Amount    int64     `json:"amount"`
	// Balance after it.
	Balance int64 `json:"balance"`
	// RefundID identifies a part, "" for the whole rest.
	RefundID RefundID `json:"refund_id,omitempty"`
}

func (*WalletRefunded) Name() string { return "wallet.refunded.v1" }

// WalletCancelled closes a payment id that was never debited: a debit still in flight will be
// refused.
type WalletCancelled struct {
	PaymentID HoldID    `json:"payment_id"`
	BookingID BookingID `json:"booking_id"`
}

func (*WalletCancelled) Name() string { return "wallet.cancelled.v1" }
