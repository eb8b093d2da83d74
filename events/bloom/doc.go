// Package bloom has a Bloom filter that grows: it tells whether a text may have been added, or
// certainly was not. The log uses it for streams, the views for records, to avoid searching for
// what does not exist.
package bloom
