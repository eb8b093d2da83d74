package actors

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/tournament"
	"admitone/events"
)

// BenchmarkHotTournament: entries of different teams, and refusals of a full tournament. Compare with
// BenchmarkHotEntity.
func BenchmarkHotTournament(b *testing.B) {
	for _, test := range []struct {
		name  string
		limit int64
		want  string
	}{
		{"entries", tournament.MaxTeams, "ok"},
		{"refusals", 1, "tournament_full"},
	} {
		b.Run(test.name, func(b *testing.B) {
			if test.want == "ok" && b.N >= tournament.MaxTeams {
				b.Fatalf("at most %d entries fit: choose a shorter -benchtime", tournament.MaxTeams)
			}
			store := openLog(b, b.TempDir())
			d := openDesk(b, store, func(c *Config) { c.Snapshots, c.Now = store, time.Now })
			created := newFinals(test.limit, false)
			created.RegisterDeadline = time.Now().Add(time.Hour)
			_, err := askFinals(d, created)
			must(b, err)
			_, err = askFinals(d, &tournament.Enter{TeamIDs: []events.TeamID{"the first"}})
			must(b, err)
			var n atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			busy := processorTime(b)
			inParallel(b, 256, func() error {
				_, err := askFinals(
					d,
					&tournament.Enter{TeamIDs: []events.TeamID{events.TeamID(fmt.Sprintf("team-%07d", n.Add(1)))}},
				)
				if got := code(err); got != test.want {
					return fmt.Errorf("got %s, want %s: %w", got, test.want, err)
				}
				return nil
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(float64(processorTime(b)-busy)/float64(b.N), "cpu-ns/op")
		})
	}
}
