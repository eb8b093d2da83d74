// Package bloom has a Bloom filter that grows: it reports whether a text may have been added, or
// certainly was not. The log uses it for streams, the views for records, to avoid searches for
// absent keys.
package bloom
