package waitingroom

import "slices"

// keys remember the holder of each ticket that has not ended, a chunk of tickets at
// a time. A key is written once, before anybody hears of the ticket, so a frozen copy
// shares the chunks.
type keys struct {
	first  int // the number of chunks[0]
	chunks []*chunk
}

type chunk struct {
	live int32 // of the core alone
	keys [blockSize]key
}

// add remembers the next ticket's.
func (k *keys) add(ticket uint32, holder key) {
	number, at := int((ticket-1)/blockSize), (ticket-1)%blockSize
	if len(k.chunks) == 0 {
		k.first = number
	}
	for len(k.chunks) <= number-k.first {
		k.chunks = append(k.chunks, nil)
	}
	c := k.chunks[number-k.first]
	if c == nil {
		c = &chunk{}
		k.chunks[number-k.first] = c
	}
	c.keys[at] = holder
	c.live++
}

// get returns that of a ticket that has not ended.
func (k *keys) get(ticket uint32) key {
	return k.chunks[int((ticket-1)/blockSize)-k.first].keys[(ticket-1)%blockSize]
}

// end forgets a ticket's, together with the others of its chunk.
func (k *keys) end(ticket uint32) {
	i := int((ticket-1)/blockSize) - k.first
	if k.chunks[i].live--; k.chunks[i].live > 0 {
		return
	}
	k.chunks[i] = nil
	for len(k.chunks) > 0 && k.chunks[0] == nil {
		k.chunks = k.chunks[1:]
		k.first++
	}
}

// freeze returns the keys as they are now, to read those of tickets that have not
// ended by now.
func (k *keys) freeze() keys {
	return keys{first: k.first, chunks: slices.Clone(k.chunks)}
}
