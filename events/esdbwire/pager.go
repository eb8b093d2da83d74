package esdbwire

import "admitone/events"

const (
	// pageBytes is the approximate size of a page of events. pageEvents bounds their number, and
	// firstPage is their number in the first page.
	pageBytes  = 1 << 20
	pageEvents = 1024
	firstPage  = 64
)

// pager adapts the number of events that are read at a time to their size, to bound memory. The zero value
// is ready to use.
type pager struct{ size int }

// limit returns the number of events to read next, which is at most left.
func (p *pager) limit(left uint64) int {
	if p.size == 0 {
		p.size = firstPage
	}
	return int(min(uint64(p.size), left))
}

// record adjusts the page size after a read, and returns the number of bytes read.
func (p *pager) record(page []events.Recorded) (bytes int) {
	for i := range page {
		bytes += len(page[i].Data) + len(page[i].Metadata)
	}
	switch {
	case bytes > pageBytes:
		p.size = max(p.size/2, 1)
	case bytes < pageBytes/4 && len(page) == p.size:
		p.size = min(2*p.size, pageEvents)
	}
	return bytes
}
