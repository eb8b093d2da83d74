package placement

import (
	"net/http"
	"strings"

	"admitone/events"
)

// Key identifies a unit of placement: all streams of one key have one owner. The key "" has no owner.
type Key string

const (
	performanceKind = events.PerformanceCategory
	// BookingKind is the kind in the key of a booking whose performance is unknown.
	BookingKind = events.BookingCategory
)

func keyOf(kind, id string) Key { return Key(kind + "/" + id) }

// OfPerformance returns the key of a performance and of everything that belongs to it.
func OfPerformance(id events.PerformanceID) Key { return keyOf(performanceKind, string(id)) }

// KeyOf returns the key of a stream. The stream of a booking has a separate key, not the key of its
// performance, which only a view knows.
func KeyOf(stream events.StreamID) Key {
	switch category := stream.Category(); category {
	case events.SeatCategory, events.AllowanceCategory, events.AreaCategory:
		id, _ := events.CutPerformance(stream.Entity())
		return OfPerformance(id)
	default:
		return keyOf(category, stream.Entity())
	}
}

// kinds maps collections, as in paths, to kinds of keys.
var kinds = map[string]string{
	"products": events.ProductCategory, "performances": performanceKind, "bookings": BookingKind,
	"tournaments": events.TournamentCategory, "teams": events.TeamCategory, "wallets": events.WalletCategory,
	"waiting-rooms": events.WaitingRoomCategory, "webhooks": events.WebhookCategory,
}

// base of all paths.
const base = "/v1/"

// KeyOfPath returns the key of the entity that a request concerns. It returns "" if any node may handle the
// request, because the request reads, concerns several entities, or creates one. A poll of a waiting room has
// the key of the room, although any node that follows the log may answer it.
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

// KeyOfCreation returns the key of a request that creates an entity under an Idempotency-Key, "" for any other
// request. It is not the key of the entity, whose id is in the body: a request with a different body under the
// same Idempotency-Key must be handled by the same node, which refuses it.
func KeyOfCreation(method, path, idempotencyKey string) Key {
	collection, ok := strings.CutPrefix(path, base)
	if !ok || method != http.MethodPost || kinds[collection] == "" || idempotencyKey == "" {
		return ""
	}
	return keyOf("key", idempotencyKey)
}
