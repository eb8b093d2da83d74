package events

func init() {
	register[WalletCharged]()
	register[WalletDebited]()
	register[WalletRefunded]()
	register[WalletCancelled]()
}

// WalletCharged puts money into a wallet.
type WalletCharged struct {
	ChargeID string `json:"charge_id"`
	// Amount in minor units of the currency, above 0.
	Amount int64 `json:"amount"`
	// Balance after it.
	Balance int64 `json:"balance"`
}

// Name is the frozen wire name.
func (*WalletCharged) Name() string { return "wallet.charged.v1" }

// AppendJSON appends the fact as JSON.
func (f *WalletCharged) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("charge_id", f.ChargeID)
	o.Int("amount", f.Amount)
	o.Int("balance", f.Balance)
	return o.Close()
}

// WalletDebited pays for a booking, once for each payment id.
type WalletDebited struct {
	PaymentID string `json:"payment_id"`
	BookingID string `json:"booking_id"`
	Amount    int64  `json:"amount"`
	// Balance after it.
	Balance int64 `json:"balance"`
}

// Name is the frozen wire name.
func (*WalletDebited) Name() string { return "wallet.debited.v1" }

// AppendJSON appends the fact as JSON.
func (f *WalletDebited) AppendJSON(dst []byte) []byte {
	return appendPayment(dst, f.PaymentID, f.BookingID, f.Amount, f.Balance)
}

// WalletRefunded gives back all that was debited under the payment id.
type WalletRefunded struct {
	PaymentID string `json:"payment_id"`
	BookingID string `json:"booking_id"`
	Amount    int64  `json:"amount"`
	// Balance after it.
	Balance int64 `json:"balance"`
}

// Name is the frozen wire name.
func (*WalletRefunded) Name() string { return "wallet.refunded.v1" }

// AppendJSON appends the fact as JSON.
func (f *WalletRefunded) AppendJSON(dst []byte) []byte {
	return appendPayment(dst, f.PaymentID, f.BookingID, f.Amount, f.Balance)
}

func appendPayment(dst []byte, paymentID, bookingID string, amount, balance int64) []byte {
	o := OpenObject(dst)
	o.String("payment_id", paymentID)
	o.String("booking_id", bookingID)
	o.Int("amount", amount)
	o.Int("balance", balance)
	return o.Close()
}

// WalletCancelled closes a payment id that was never debited: a debit that is still
// on its way will be refused.
type WalletCancelled struct {
	PaymentID string `json:"payment_id"`
	BookingID string `json:"booking_id"`
}

// Name is the frozen wire name.
func (*WalletCancelled) Name() string { return "wallet.cancelled.v1" }

// AppendJSON appends the fact as JSON.
func (f *WalletCancelled) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("payment_id", f.PaymentID)
	o.String("booking_id", f.BookingID)
	return o.Close()
}
