package core

// Code identifies the reason of a refusal. Codes are stable, and part of the API. Those that only
// the HTTP API returns are declared there.
type Code string

// The request itself.
const (
	// CodeNotFound: the resource does not exist; the member resource names its kind.
	CodeNotFound Code = "not_found"
	// CodeAlreadyExists: the id is taken by another request.
	CodeAlreadyExists Code = "already_exists"
	// CodeInvalidField: the value of field is not allowed.
	CodeInvalidField Code = "invalid_field"
	// CodeIdempotencyKeyReused: the key was used with a different request.
	CodeIdempotencyKeyReused Code = "idempotency_key_reused"
	// CodeRevisionRequired: an edit must name the revision on which it is based.
	CodeRevisionRequired Code = "revision_required"
	// CodeStaleRevision: the entity has changed since that revision.
	CodeStaleRevision Code = "stale_revision"
)

// The caller's rights.
const (
	// CodeForbidden: the resource belongs to a different holder, or the caller's role does not allow
	// this.
	CodeForbidden Code = "forbidden"
	// CodePassRequired: a waiting room guards the resource.
	CodePassRequired Code = "pass_required"
	// CodePassInvalid: the pass is for a different room or holder, or has expired.
	CodePassInvalid Code = "pass_invalid"
)

// Capacity and limits.
const (
	// CodeSoldOut: fewer units or seats remain than were requested.
	CodeSoldOut Code = "sold_out"
	// CodeSeatTaken: these seats belong to another holder or are not on sale.
	CodeSeatTaken Code = "seat_taken"
	// CodeTournamentFull: fewer slots remain than the group has teams.
	CodeTournamentFull Code = "tournament_full"
	// CodeInsufficientBalance: the balance of the wallet is lower than the price.
	CodeInsufficientBalance Code = "insufficient_balance"
	// CodeLimitExceeded: a limit does not allow this quantity.
	CodeLimitExceeded Code = "limit_exceeded"
	// CodeTooLarge: the facts of the command exceed the maximum size of one append.
	CodeTooLarge Code = "too_large"
	// CodeOverloaded: too many commands are in flight; nothing was done, and a retry may succeed.
	CodeOverloaded Code = "overloaded"
)

// The state of the resource, or the time.
const (
	// CodeAlreadyConfirmed: the hold has been confirmed or paid.
	CodeAlreadyConfirmed Code = "already_confirmed"
	// CodeAlreadyEntered: the team has entered or is on the waitlist.
	CodeAlreadyEntered Code = "already_entered"
	// CodePaymentInProgress: a payment is in progress, or awaited.
	CodePaymentInProgress Code = "payment_in_progress"
	// CodeAmountMismatch: the amount differs from the price, which expected and currency state.
	CodeAmountMismatch Code = "amount_mismatch"
	// CodePaymentReferenceUsed: the provider's reference was reported before, for what resource names.
	CodePaymentReferenceUsed Code = "payment_reference_used"
	// CodeNotHeld: there is no hold.
	CodeNotHeld Code = "not_held"
	// CodeHoldExpired: the hold has passed its deadline.
	CodeHoldExpired Code = "hold_expired"
	// CodeReleased: the hold or purchase has been released.
	CodeReleased Code = "released"
	// CodeRegistrationClosed: the organiser has closed the tournament for entry.
	CodeRegistrationClosed Code = "registration_closed"
	// CodeNotOpen: the sale has not opened; it will at opens_at.
	CodeNotOpen Code = "not_open"
	// CodeCancelled: the organiser has cancelled the resource.
	CodeCancelled Code = "cancelled"
	// CodeSaleClosed: the sale closed at closes_at.
	CodeSaleClosed Code = "sale_closed"
	// CodeCancellationClosed: the time until which a paid purchase can be returned has passed.
	CodeCancellationClosed Code = "cancellation_closed"
	// CodeDeadlinePassed: the deadline for entry has passed.
	CodeDeadlinePassed Code = "deadline_passed"
	// CodeRoomClosed: the organiser has closed the waiting room.
	CodeRoomClosed Code = "room_closed"
)
