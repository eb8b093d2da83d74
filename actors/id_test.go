package actors

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestNewID: ids are UUIDv7s of the current millisecond, and unique.
func TestNewID(t *testing.T) {
	seen := map[[16]byte]bool{}
	for range 100_000 {
		before := time.Now().UnixMilli()
		id := NewID()
		after := time.Now().UnixMilli()
		if u := uuid.UUID(id); u.Version() != 7 || u.Variant() != uuid.RFC4122 {
			t.Fatalf("%s has version %d and variant %v, want 7, %v", id, u.Version(), u.Variant(), uuid.RFC4122)
		}
		millis := int64(id[0])<<40 | int64(id[1])<<32 | int64(id[2])<<24 | int64(id[3])<<16 | int64(id[4])<<8 | int64(id[5])
		if millis < before || millis > after {
			t.Fatalf("time of %s = %d ms, want %d to %d", id, millis, before, after)
		}
		if seen[id] {
			t.Fatalf("NewID returned %s twice", id)
		}
		seen[id] = true
	}
}
