package waitingroom

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"admitone/actors/core"
	"admitone/events"
)

// snapshotVersion changes with the encoding below.
const snapshotVersion = 1

// snapshotHeader is the first part of a snapshot. The cohorts of passes follow, each as from, to
// (32 bits each), expires (64); then the blocks that have not ended, each as its number (32) and
// its three bitsets; then the keys of the tickets that have not ended, in order. All little endian.
// Everything else is derived; the order of a shuffle is computed from its seed.
type snapshotHeader struct {
	ID       events.RoomID
	Settings events.WaitingRoomSettings
	Last     int64
	Admitted int64
	Begun    bool
	Early    int64 // the last ticket before the opening
	Seed     string
	Term     int64  `json:",omitempty"` // with Run; missing in older snapshots
	Run      string `json:",omitempty"`
	Head     uint32
	First    int // number of the first block
	Chunk    int // number of the first chunk of keys
	Blocks   int // from First on, including ended ones
	Kept     int // blocks that follow
	Cohorts  int `json:"Groups"`
	Recent   []admission
}

// writeBufferSize is the approximate number of bytes per write. Other goroutines may run between writes.
const writeBufferSize = 16 << 10

// frozen is a copy of a room's state.
type frozen struct {
	head    snapshotHeader
	rows    rows
	cohorts []*cohort
	keys    keys
}

// Freeze implements [core.Core].
func (r *Room) Freeze() func(io.Writer) error {
	f := &frozen{rows: r.line.publish(), cohorts: r.passes.cohorts, keys: r.keys.freeze()}
	f.head = snapshotHeader{ID: r.id, Settings: r.settings, Last: r.last, Admitted: r.admitted,
		Begun: r.begun, Early: r.early, Seed: r.seed, Term: r.term, Run: r.run, Head: r.line.head,
		First: f.rows.first, Chunk: f.keys.first, Blocks: len(f.rows.blocks), Cohorts: len(f.cohorts),
		Recent: slices.Clone(r.recent)}
	for _, b := range f.rows.blocks {
		if b != nil {
			f.head.Kept++
		}
	}
	return f.write
}

func (f *frozen) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, writeBufferSize)
	record, err := core.AppendSnapshotHeader(nil, f.head)
	if err != nil {
		return err
	}
	for _, g := range f.cohorts {
		record = binary.LittleEndian.AppendUint32(record, g.from)
		record = binary.LittleEndian.AppendUint32(record, g.to)
		record = binary.LittleEndian.AppendUint64(record, uint64(g.expires))
	}
	if _, err = out.Write(record); err != nil {
		return err
	}
	for i, b := range f.rows.blocks {
		if b == nil {
			continue
		}
		record = binary.LittleEndian.AppendUint32(record[:0], uint32(i+f.rows.first))
		for _, p := range []*bitset{&b.waiting, &b.admitted, &b.left} {
			for _, word := range p {
				record = binary.LittleEndian.AppendUint64(record, word)
			}
		}
		if _, err = out.Write(record); err != nil {
			return err
		}
	}
	for ticket := range f.rows.openTickets(f.head.Chunk, f.head.Last) {
		holder := f.keys.get(ticket)
		if _, err = out.Write(holder[:]); err != nil {
			return err
		}
	}
	return out.Flush()
}

// openTickets iterates over the tickets that have not ended, from the first of a chunk of keys to last.
func (r *rows) openTickets(chunk int, last int64) func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for ticket := int64(chunk)*blockSize + 1; ticket <= last; ticket++ {
			place := r.place(uint32(ticket))
			b, i := r.at(place), int(place%blockSize)
			if b == nil || !b.waiting.has(i) && !b.admitted.has(i) {
				continue
			}
			if !yield(uint32(ticket)) {
				return
			}
		}
	}
}

// Restore implements [core.Core].
func (r *Room) Restore(from io.Reader) error {
	in := &source{in: bufio.NewReaderSize(from, 64<<10)}
	var h snapshotHeader
	if err := core.ReadSnapshotHeader(in.in, &h); err != nil {
		return err
	}
	r.id, r.settings, r.last, r.admitted = h.ID, h.Settings, h.Last, h.Admitted
	r.begun, r.early, r.seed, r.recent = h.Begun, h.Early, h.Seed, h.Recent
	r.term, r.run = h.Term, h.Run
	if r.seed != "" {
		seed, err := hex.DecodeString(r.seed)
		if err != nil {
			return err
		}
		r.line.setOrder(events.ShuffledTickets(seed, int(r.early)))
	}
	cohorts := make([]*cohort, h.Cohorts)
	for i := range cohorts {
		record := in.next(16)
		cohorts[i] = &cohort{from: binary.LittleEndian.Uint32(record), to: binary.LittleEndian.Uint32(record[4:]),
			expires: int64(binary.LittleEndian.Uint64(record[8:]))}
	}
	r.line.head, r.line.size, r.line.first = h.Head, uint32(h.Last), h.First
	r.line.blocks, r.line.counts = make([]*block, h.Blocks), make([]uint32, h.Blocks)
	for range h.Kept {
		r.restoreBlock(in)
	}
	if in.err != nil {
		return in.err
	}
	for _, g := range cohorts {
		for range r.line.activePlaces(g) {
			g.active++
		}
	}
	r.passes.load(cohorts)
	r.restoreKeys(in, h.Chunk)
	return in.err
}

func (r *Room) restoreBlock(in *source) {
	i := int(binary.LittleEndian.Uint32(in.next(4))) - r.line.first
	if in.err == nil && (i < 0 || i >= len(r.line.blocks)) {
		in.err = fmt.Errorf("the snapshot has block %d, want a block below %d", i+r.line.first, r.line.first+len(r.line.blocks))
	}
	b := &block{gen: r.line.gen}
	for _, p := range []*bitset{&b.waiting, &b.admitted, &b.left} {
		for w := range p {
			p[w] = binary.LittleEndian.Uint64(in.next(8))
		}
	}
	if in.err != nil {
		return
	}
	waiting, admitted := b.waiting.count(), b.admitted.count()
	b.live = int32(waiting + admitted)
	r.line.blocks[i], r.line.counts[i] = b, uint32(waiting)
	r.waiting += int64(waiting)
	r.active += int64(admitted)
}

func (r *Room) restoreKeys(in *source, chunk int) {
	r.holders.Load(int(r.waiting+r.active), func(yield func(key, uint32) bool) {
		for ticket := range r.line.openTickets(chunk, r.last) {
			holder := key(in.next(len(key{})))
			if in.err != nil {
				return
			}
			r.keys.add(ticket, holder)
			yield(holder, ticket)
		}
	})
}

// source reads a snapshot. After an error, next returns zeros.
type source struct {
	in  *bufio.Reader
	err error
	buf [16]byte
}

func (s *source) next(n int) []byte {
	if s.err == nil {
		_, s.err = io.ReadFull(s.in, s.buf[:n])
	}
	if s.err != nil {
		clear(s.buf[:n])
	}
	return s.buf[:n]
}
