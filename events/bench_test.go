package events

import "testing"

// BenchmarkAppendFact measures the encoding of facts.
func BenchmarkAppendFact(b *testing.B) {
	for _, name := range []string{"product.reserved.v1", "seat.held.v1", "booking.held.v1", "waitingroom.admitted.v1",
		"seat.blocked.v1", "refusal.recorded.v1", "tournament.promoted.v1"} {
		b.Run(name, func(b *testing.B) {
			fact, dst := golden[name], make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				dst = AppendFact(dst[:0], fact)
			}
		})
	}
}
