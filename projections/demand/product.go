package demand

import "admitone/events"

func init() {
	register(requested, &events.ProductCreated{}, &events.ProductEdited{}, &events.ProductReserved{},
		&events.ProductHeld{}, &events.ProductConfirmed{}, &events.ProductReleased{})
	register(system, &events.ProductExpired{})
	register(consequence, &events.ProductOpened{}, &events.ProductClosed{}, &events.ProductRetaken{},
		&events.ProductPaid{}, &events.ProductPaymentFailed{})
}
