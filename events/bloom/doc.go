// Package bloom has a Bloom filter that grows: it says of a text that it was never added, or that it
// may have been. The log asks it for streams, the views for records, before they search for what is
// not there.
package bloom
