// Package bloom has a scalable Bloom filter, which reports whether a text may have been added or was certainly
// not. The log uses it for streams, and the views for records, to avoid searches for absent keys.
package bloom
