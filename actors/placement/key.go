package placement

import (
	"net/http"
	"strings"

	"admitone/events"
)

// Key identifies a unit of placement: all streams of one key have one owner. "" has no owner.
type Key string

// The kinds of keys whose entities have streams of several categories, or whose collection has
// a different name.
const (
	performanceKind = events.PerformanceCategory
	// BookingKind is the kind in the key of a booking whose performance is unknown.
	BookingKind = events.BookingCategory
)

// keyOf returns the key of an entity.
func keyOf(kind, id string) Key { return Key(kind + "/" + id) }

// OfPerformance returns the key of a performance and of everything that belongs to it.
func OfPerformance(id events.PerformanceID) Key { return keyOf(performanceKind, string(id)) }

// KeyOf returns the key of a stream. Only a view knows the performance of a booking, so its stream
// has a key of its own, like its path in [KeyOfPath].
func KeyOf(stream events.StreamID) Key {
	switch category := stream.Category(); category {
	case events.SeatCategory, events.AllowanceCategory, events.AreaCategory:
		id, _ := events.CutPerformance(stream.Entity())
		return OfPerformance(id)
	default:
		return keyOf(category, stream.Entity())
	}
}

// kinds maps the collection in a path to the kind of key.
var kinds = map[string]string{
	"products": events.ProductCategory, "performances": performanceKind, "bookings": BookingKind,
	"tournaments": events.TournamentCategory, "teams": events.TeamCategory, "wallets": events.WalletCategory,
	"waiting-rooms": events.WaitingRoomCategory, "webhooks": events.WebhookCategory,
}

// base of all paths.
const base = "/v1/"

// KeyOfPath returns the key of the entity that a request concerns, "" if any node may handle it: it
// reads, concerns several entities, or one without an id yet. A poll of a waiting room has the key of the
// room; any node that follows the log may answer it as well.
func KeyOfPath(method, path string) Key {
	rest, ok := strings.CutPrefix(path, base)
	if !ok {
		return ""
	}
	collection, rest, _ := strings.Cut(rest, "/")
	id, rest, _ := strings.Cut(rest, "/")
	kind := kinds[collection]
	if kind == "" || id == "" {
		return ""
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		if kind != events.WaitingRoomCategory || !strings.HasPrefix(rest, "visitors/") {
			return ""
		}
	}
	return keyOf(kind, id)
}

// KeyOfCreation returns the key of a request that creates an entity under an Idempotency-Key, "" for any
// other. The entity's own key is not enough: its id is in the body, and a different body under the same
// Idempotency-Key must come to the same node, which refuses it.
func KeyOfCreation(method, path, idempotencyKey string) Key {
	collection, ok := strings.CutPrefix(path, base)
	if !ok || method != http.MethodPost || kinds[collection] == "" || idempotencyKey == "" {
		return ""
	}
	return keyOf("key", idempotencyKey)
}
