package tournament

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"slices"

	"admitone/actors/core"
	"admitone/events"
)

// snapshotVersion changes with the encoding below.
const snapshotVersion = 2

// snapshotHeader is the first part of a snapshot. The rows of the waitlist follow, each as number
// (64 bits), number of teams (8) and their ids, and then the ids of the teams that have entered; an
// id is its length (16) and its bytes, all little endian. Neither part is ordered. The queues of
// the waitlist are rebuilt.
type snapshotHeader struct {
	Created             Create
	Upcoming            events.SaleTimes `json:"Ahead"`
	Facts, Edited       events.Revision
	CalledOff           bool `json:"Called"`
	Entered, Waitlisted int64
	Rows                int
	LastRow             uint64
}

// writeBufferSize is the approximate number of bytes per write. Other goroutines may run between writes.
const writeBufferSize = 16 << 10

// Clone implements [core.Cloner]. Parts that are not copied are never changed in place.
func (t *Tournament) Clone() core.Core {
	clone := *t
	clone.teams, clone.waitlist.rows = t.teams.Clone(), t.waitlist.rows.Clone()
	for i := range clone.waitlist.queues {
		q := &clone.waitlist.queues[i]
		q.numbers = slices.Clone(q.numbers)
	}
	return &clone
}

// Freeze implements [core.Core].
func (t *Tournament) Freeze() func(io.Writer) error {
	h := snapshotHeader{Created: t.created, Upcoming: t.sale.Upcoming, Facts: t.facts, Edited: t.edited,
		CalledOff: t.calledOff, Entered: t.entered, Waitlisted: t.waitlisted,
		Rows: t.waitlist.rows.Len(), LastRow: t.waitlist.last}
	rows, teams := t.waitlist.rows.Freeze(), t.teams.Freeze()
	return func(w io.Writer) error { return write(w, h, rows, teams) }
}

func write(
	w io.Writer,
	h snapshotHeader,
	rows iter.Seq2[uint64, []events.TeamID],
	teams iter.Seq2[events.TeamID, uint64],
) error {
	out := bufio.NewWriterSize(w, writeBufferSize)
	record, err := core.AppendSnapshotHeader(nil, h)
	if err != nil {
		return err
	}
	_, err = out.Write(record)
	for number, row := range rows {
		record = binary.LittleEndian.AppendUint64(record[:0], number)
		record = append(record, byte(len(row)))
		for _, team := range row {
			record = appendID(record, team)
		}
		if _, err = out.Write(record); err != nil {
			return err
		}
	}
	for team, number := range teams {
		if number != 0 {
			continue // written with its row
		}
		record = appendID(record[:0], team)
		if _, err = out.Write(record); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

func appendID(dst []byte, id events.TeamID) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(id)))
	return append(dst, id...)
}

// Restore implements [core.Core].
func (t *Tournament) Restore(r io.Reader) error {
	in := &source{in: bufio.NewReaderSize(r, 64<<10)}
	var h snapshotHeader
	if err := core.ReadSnapshotHeader(in.in, &h); err != nil {
		return err
	}
	t.created, t.entered, t.waitlisted = h.Created, h.Entered, h.Waitlisted
	t.sale = core.Sale{Times: events.SaleTimes{OpensAt: h.Created.OpensAt}, Upcoming: h.Upcoming}
	t.facts, t.edited, t.calledOff = h.Facts, h.Edited, h.CalledOff
	t.waitlist.last = h.LastRow
	t.waitlist.rows.Load(h.Rows, in.rows(h.Rows))
	t.teams.Load(int(h.Entered+h.Waitlisted), func(yield func(events.TeamID, uint64) bool) {
		for number, row := range t.waitlist.rows.All() {
			for _, team := range row {
				yield(team, number)
			}
		}
		for range h.Entered {
			if team := in.id(); in.err == nil {
				yield(team, 0)
			}
		}
	})
	t.waitlist.rebuildQueues()
	return in.err
}

// source reads a snapshot. After an error, next returns zeros.
type source struct {
	in  *bufio.Reader
	err error
	buf [1 << 16]byte
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

func (s *source) id() events.TeamID {
	return events.TeamID(s.next(int(binary.LittleEndian.Uint16(s.next(2)))))
}

func (s *source) rows(count int) iter.Seq2[uint64, []events.TeamID] {
	return func(yield func(uint64, []events.TeamID) bool) {
		for range count {
			fixed := s.next(9)
			number, row := binary.LittleEndian.Uint64(fixed), make([]events.TeamID, fixed[8])
			for i := range row {
				row[i] = s.id()
			}
			if s.err == nil && (len(row) == 0 || len(row) > MaxGroup) {
				s.err = fmt.Errorf("the snapshot has a row of %d teams, want 1 to %d", len(row), MaxGroup)
			}
			if s.err != nil {
				return
			}
			yield(number, row)
		}
	}
}

// rebuildQueues builds the queues of rows loaded from a snapshot.
func (w *waitlist) rebuildQueues() {
	for number, row := range w.rows.All() {
		q := &w.queues[len(row)]
		q.numbers = append(q.numbers, number)
		q.live++
	}
	for i := range w.queues {
		slices.Sort(w.queues[i].numbers)
	}
}
