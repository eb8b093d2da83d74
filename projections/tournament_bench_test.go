package projections

import (
	"fmt"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
)

// BenchmarkFoldEntries measures the fold of one entry, like BenchmarkFold for a sale. An entry writes
// a record and a part of a block, instead of changing one row.
func BenchmarkFoldEntries(b *testing.B) {
	const limit = 1 << 40
	log := logtest.NewMemory()
	log.Recorded = append(log.Recorded, logtest.Record(cup("a"), 0, 1,
		&events.TournamentCreated{TournamentID: "a", TeamLimit: limit, RegisterDeadline: closing}))
	p, err := Open(Config{Store: log, Dir: b.TempDir(), Spawn: spawn})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	if err := p.apply(log.Recorded); err != nil {
		b.Fatal(err)
	}
	batch := make([]events.Recorded, 256)
	for i := range batch {
		batch[i] = logtest.Record(cup("a"), 0, 0, &events.TournamentEntered{})
		batch[i].Metadata, _ = events.Seal(nil, events.Hash{}, "", 0, &batch[i].Event, &events.Metadata{})
	}
	position, n := p.Position(), 0
	b.ReportAllocs()
	for b.Loop() {
		if i := n % len(batch); i == 0 && n > 0 {
			if err := p.apply(batch); err != nil {
				b.Fatal(err)
			}
			if n%8192 == 0 {
				p.mu.Lock()
				err := p.flush()
				p.mu.Unlock()
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		n++
		position++
		e := &batch[(n-1)%len(batch)]
		e.Revision, e.Position = events.Revision(n), position
		e.Fact = &events.TournamentEntered{TeamIDs: []events.TeamID{events.TeamID(fmt.Sprintf("team-%07d", n))},
			TournamentCounts: events.TournamentCounts{Entered: int64(n), Remaining: limit - int64(n)}}
	}
}
