package core

// Code says for programs why something was refused. It is stable, and the text of each is
// what a client reads. Codes that only the HTTP API gives are declared there.
type Code string

// What a request names, or how it is put.
const (
	// CodeNotFound: there is no such thing; resource says of which kind.
	CodeNotFound Code = "not_found"
	// CodeAlreadyExists: another thing has this id.
	CodeAlreadyExists Code = "already_exists"
	// CodeInvalidField: the value of field is not allowed.
	CodeInvalidField Code = "invalid_field"
	// CodeIdempotencyKeyReused: the key has come with another request before.
	CodeIdempotencyKeyReused Code = "idempotency_key_reused"
	// CodeRevisionRequired: an edit has to name the revision that it is of.
	CodeRevisionRequired Code = "revision_required"
	// CodeStaleRevision: it has changed since that revision.
	CodeStaleRevision Code = "stale_revision"
)

// The caller's rights.
const (
	// CodeForbidden: it is another holder's, or a role may not do this.
	CodeForbidden Code = "forbidden"
	// CodePassRequired: a waiting room guards this.
	CodePassRequired Code = "pass_required"
	// CodePassInvalid: the pass shown is not one of that room for this holder, or is over.
	CodePassInvalid Code = "pass_invalid"
)

// Nothing, or too little, is left.
const (
	// CodeSoldOut: fewer units or seats remain than were asked for.
	CodeSoldOut Code = "sold_out"
	// CodeSeatTaken: these seats are another holder's or not on sale.
	CodeSeatTaken Code = "seat_taken"
	// CodeTournamentFull: fewer slots remain than the group has teams.
	CodeTournamentFull Code = "tournament_full"
	// CodeInsufficientBalance: the wallet has less than this costs.
	CodeInsufficientBalance Code = "insufficient_balance"
	// CodeLimitExceeded: a limit does not allow so much.
	CodeLimitExceeded Code = "limit_exceeded"
	// CodeTooLarge: it leads to more than the log takes at once.
	CodeTooLarge Code = "too_large"
	// CodeOverloaded: too much is under way; nothing was done, and a retry may pass.
	CodeOverloaded Code = "overloaded"
)

// The state or the time of what was asked about.
const (
	// CodeAlreadyConfirmed: it has been confirmed or paid.
	CodeAlreadyConfirmed Code = "already_confirmed"
	// CodeAlreadyEntered: the team has entered or waits.
	CodeAlreadyEntered Code = "already_entered"
	// CodePaymentInProgress: a payment of it is under way, or awaited.
	CodePaymentInProgress Code = "payment_in_progress"
	// CodeAmountMismatch: it costs another sum; expected and currency say which.
	CodeAmountMismatch Code = "amount_mismatch"
	// CodePaymentReferenceUsed: the provider's reference belongs to resource.
	CodePaymentReferenceUsed Code = "payment_reference_used"
	// CodeNotHeld: it is not on hold.
	CodeNotHeld Code = "not_held"
	// CodeHoldExpired: the hold has passed its deadline.
	CodeHoldExpired Code = "hold_expired"
	// CodeReleased: it has been given back.
	CodeReleased Code = "released"
	// CodeRegistrationClosed: the organiser has closed the tournament for entry.
	CodeRegistrationClosed Code = "registration_closed"
	// CodeNotOpen: the sale has not opened yet; opens_at is when it does.
	CodeNotOpen Code = "not_open"
	// CodeSaleClosed: the sale has closed, at closes_at.
	CodeSaleClosed Code = "sale_closed"
	// CodeCancellationClosed: what is paid can't be given back any more, since until.
	CodeCancellationClosed Code = "cancellation_closed"
	// CodeDeadlinePassed: the deadline for entry has passed.
	CodeDeadlinePassed Code = "deadline_passed"
	// CodeRoomClosed: the organiser has closed the waiting room.
	CodeRoomClosed Code = "room_closed"
)
