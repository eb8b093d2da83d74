package events

// Categories of the streams of entities: a stream is named <category>-<entity>. The other categories of
// entities are in the files of their facts. Some streams belong to no entity; see [RefusalsCategory] and
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
	// CursorCategory is the category of cursors that belong to no other entity.
	CursorCategory = "cursor"
)
