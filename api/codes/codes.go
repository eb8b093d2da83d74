package codes

import "admitone/actors/core"

// The request is malformed or does not fit the route.
const (
	MalformedJSON         core.Code = "malformed_json"
	UnknownField          core.Code = "unknown_field"
	BadCursor             core.Code = "bad_cursor"
	BadParameter          core.Code = "bad_parameter"
	MethodNotAllowed      core.Code = "method_not_allowed"
	UpgradeRequired       core.Code = "upgrade_required"
	UnsupportedMediaType  core.Code = "unsupported_media_type"
	BodyTooLarge          core.Code = "body_too_large"
	RequestHeaderTooLarge core.Code = "request_header_too_large"
)

// The caller is not authenticated, is a page of a foreign origin, or exceeds a rate limit.
const (
	Unauthenticated core.Code = "unauthenticated"
	ForeignOrigin   core.Code = "foreign_origin"
	RateLimited     core.Code = "rate_limited"
)

// The server can't answer the request now.
const (
	Internal         core.Code = "internal"
	LogUnavailable   core.Code = "log_unavailable"
	ProjectionBehind core.Code = "projection_behind"
	KeysDiffer       core.Code = "keys_differ"
	KeysUnavailable  core.Code = "keys_unavailable"
	// ProviderUnavailable: the payment provider does not answer.
	ProviderUnavailable core.Code = "provider_unavailable"
	ShuttingDown        core.Code = "shutting_down"
	Draining            core.Code = "draining"
)
