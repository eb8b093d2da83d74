package esdbwire

import "admitone/events"

const (
	// pageBytes is about what a page of events may weigh; pageEvents bounds their
	// number.
	pageBytes  = 1 << 20
	pageEvents = 1024
	firstPage  = 64
)

// pager says how many events to ask the store for at once, so that neither many
// small ones nor a few large ones cost much memory. The zero value is ready.
type pager struct{ size int }

// limit is how many to ask for if left more are wanted at most.
func (p *pager) limit(left uint64) int {
	if p.size == 0 {
		p.size = firstPage
	}
	return int(min(uint64(p.size), left))
}

// took hears what was read, and returns its bytes.
func (p *pager) took(page []events.Recorded) (bytes int) {
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
