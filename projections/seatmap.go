package projections

import (
	"context"
	"encoding/binary"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// seatBlockSize is the number of seats in a block, which is one record. A block without touched seats has no
// record, so a new performance takes no space.
const seatBlockSize = 1024

// seatBlock has the marks of consecutive seats in canonical order.
type seatBlock [seatBlockSize]byte

// cachedSeatBlocks bounds each of the two generations of cached blocks, of 1 KiB each.
const cachedSeatBlocks = 2000

func appendSeatBlock(dst []byte, b *seatBlock) []byte { return append(dst, b[:]...) }

func decodeSeatBlock(_ string, record []byte) (b seatBlock, err error) {
	if len(record) != len(b) {
		return b, row.ErrRecord
	}
	copy(b[:], record)
	return b, nil
}

// seatBlockKey returns the key of a block. Keys sort by performance, then by number.
func seatBlockKey(performance events.PerformanceID, block int32) string {
	key := binary.AppendUvarint(make([]byte, 0, len(performance)+8), uint64(len(performance)))
	key = append(key, performance...)
	return string(binary.BigEndian.AppendUint32(key, uint32(block)))
}

// seatMap returns a performance's present map. The lock must be held.
func (k *boxOffice) seatMap(performance *row.Performance) (*row.SeatMap, error) {
	m := &row.SeatMap{Position: k.at(), Layout: performance.Layout, Marks: make([]byte, performance.Layout.Seats())}
	blocksRead := int64(0)
	for block := int32(0); blocksRead < performance.Blocks && int(block)*seatBlockSize < len(m.Marks); block++ {
		key := seatBlockKey(performance.ID, block)
		marks := m.Marks[int(block)*seatBlockSize:]
		if e, ok := k.blocks.inMemory(key); ok {
			copy(marks, e.row[:])
			blocksRead++
			continue
		}
		stored, ok, err := k.blocks.stored(key)
		if err != nil {
			return nil, err
		}
		if ok {
			copy(marks, stored[:])
			blocksRead++
		}
	}
	return m, nil
}

// SeatMap returns the status of a performance's seats, and whether the performance exists.
// Errors: the disk's.
func (p *Projections) SeatMap(performanceID events.PerformanceID) (*row.SeatMap, bool, error) {
	if err := p.enter(); err != nil {
		return nil, false, err
	}
	defer p.leave()
	k := viewOf[*boxOffice](p)
	p.mu.RLock()
	defer p.mu.RUnlock()
	row, ok, err := k.performance(string(performanceID))
	if err != nil || !ok {
		return nil, false, err
	}
	m, err := k.seatMap(&row)
	return m, err == nil, err
}

// TakenSeats returns [row.SeatMap.Taken] of a performance, and the position up to which the views contain
// the log. Errors: [live.ErrNotFound]; the disk's.
func (p *Projections) TakenSeats(_ context.Context,
	performanceID events.PerformanceID) (taken []byte, at events.Position, err error) {
	m, ok, err := p.SeatMap(performanceID)
	if err == nil && !ok {
		err = live.ErrNotFound
	}
	if err != nil {
		return nil, 0, err
	}
	return m.Taken(), m.Position, nil
}

// TouchedSeats returns the names of a performance's seats that have events, none if there is no such performance.
// Errors: the disk's.
func (p *Projections) TouchedSeats(performanceID events.PerformanceID) ([]events.SeatName, error) {
	m, ok, err := p.SeatMap(performanceID)
	if err != nil || !ok {
		return []events.SeatName{}, err
	}
	return m.Touched(), nil
}

// SeatChanges returns [row.SeatMap.Changes] of a performance after a position; nil if
// there is no such performance. Errors: those of [row.SeatMap.Changes]; the disk's.
func (p *Projections) SeatChanges(ctx context.Context, performanceID events.PerformanceID, after events.Position,
	limit int) (changes *row.SeatChanges, more bool, err error) {
	// The map determines the seats to read and the last position. Events that arrive during the reads belong
	// to the next page.
	m, ok, err := p.SeatMap(performanceID)
	if err != nil || !ok {
		return nil, false, err
	}
	return m.Changes(ctx, p.store, performanceID, after, limit)
}
