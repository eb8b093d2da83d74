package events

// Categories of entities' streams: a stream is <category>-<entity>. A new kind's category is in the
// file of its facts. Streams of other categories belong to no entity; see [RefusalsCategory] and
// [SettingsCategory].
const (
	ProductCategory     = "product"
	TournamentCategory  = "tournament"
	TeamCategory        = "team"
	PerformanceCategory = "performance"
	SeatCategory        = "seat"
	BookingCategory     = "booking"
	WalletCategory      = "wallet"
	AllowanceCategory   = "allowance"
	WaitingRoomCategory = "waitingroom"
	WebhookCategory     = "webhook"
	APIKeyCategory      = "apikey"
	PaymentCategory     = "payment"
	SettlementCategory  = "settlement"
	// CursorCategory has the cursors that belong to no other entity.
	CursorCategory = "cursor"
)
