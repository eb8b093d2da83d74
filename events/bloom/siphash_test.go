package bloom

import "testing"

// TestSipHash uses the test vectors of the SipHash paper's reference implementation: the key is 00 01 … 0f, and text
// n has the bytes 00 01 … n-1.
func TestSipHash(t *testing.T) {
	key := Key{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	text := make([]byte, 16)
	for i := range text {
		text[i] = byte(i)
	}
	for n, want := range []uint64{
		0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
		0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
		0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
		0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
	} {
		if got := sipHash(key, string(text[:n])); got != want {
			t.Errorf("sipHash of %d bytes = %016x, want %016x", n, got, want)
		}
	}
}

func BenchmarkSipHash(b *testing.B) {
	for b.Loop() {
		sipHash(Key{1, 2}, "booking-019a0b1c-7d3e-7f00-8000-0123456789ab")
	}
}
