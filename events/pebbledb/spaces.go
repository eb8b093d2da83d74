package pebbledb

import "github.com/cockroachdb/pebble/v2"

// SeparateSpaces returns a policy by which no table has keys of two spaces. A flush writes a few
// keys to each space. In a common table, new keys of an ascending space would come to lie beside
// keys of another one, the table would overlap all earlier ones, and a compaction would rewrite
// them; in a table of their own, nothing overlaps them. endOf returns the first key after the space
// of a key, which must be greater than the key, or nil if there is none.
func SeparateSpaces(endOf func(key []byte) []byte) pebble.SpanPolicyFunc {
	return func(key []byte) (pebble.SpanPolicy, []byte, error) { return pebble.SpanPolicy{}, endOf(key), nil }
}
