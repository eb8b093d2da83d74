package actors

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/tournament"
	"admitone/events"
)

// BenchmarkHotTournament: entries of teams that are all different, and refusals
// of a full tournament, beside BenchmarkHotEntity.
func BenchmarkHotTournament(b *testing.B) {
	for name, limit := range map[string]int64{"entries": tournament.MaxTeams, "refusals": 1} {
		b.Run(name, func(b *testing.B) {
			store := openLog(b, b.TempDir())
			d := openDesk(b, store, func(c *Config) { c.Snapshots, c.Now = store, time.Now })
			created := aCup(limit, false)
			created.RegisterDeadline = time.Now().Add(time.Hour)
			_, err := askFinals(d, created)
			mustNot(b, err)
			_, err = askFinals(d, &tournament.Enter{TeamIDs: []events.TeamID{"the first"}})
			mustNot(b, err)
			want := map[string]string{"entries": "ok", "refusals": "tournament_full"}[name]
			var n atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			busy := processorTime(b)
			inTurns(b, 256, func() error {
				_, err := askFinals(
					d,
					&tournament.Enter{TeamIDs: []events.TeamID{events.TeamID(fmt.Sprintf("team-%07d", n.Add(1)))}},
				)
				if code(err) != want {
					return err
				}
				return nil
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(float64(processorTime(b)-busy)/float64(b.N), "cpu-ns/op")
		})
	}
}
