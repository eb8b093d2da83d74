package waitingroom

import "slices"

// keys has the holders of the tickets that have not ended, in chunks. A key is written once, before its
// ticket is published, so frozen copies can share the chunks.
type keys struct {
	first  int // the index of chunks[0]
	chunks []*chunk
}

type chunk struct {
	live int32 // tickets that have not ended; only the core uses it
	keys [blockSize]key
}

// add stores the holder of the next ticket.
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

// get returns the holder of a ticket that has not ended.
func (k *keys) get(ticket uint32) key {
	return k.chunks[int((ticket-1)/blockSize)-k.first].keys[(ticket-1)%blockSize]
}

// end marks a ticket as ended. A chunk is dropped when all of its tickets have ended.
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

// freeze returns the current keys; keys of ended tickets must not be read.
func (k *keys) freeze() keys {
	return keys{first: k.first, chunks: slices.Clone(k.chunks)}
}
