package tournament

import (
	"bytes"
	"runtime"
	"testing"
)

// crowdedTournament returns a tournament with half a million teams entered, and as many waiting.
func crowdedTournament(b *testing.B) *Tournament {
	b.Helper()
	c := New().(*Tournament)
	c = play(b, c, strict(500_000))
	for n := range 1_000_000 {
		play(b, c, enterOne(n))
	}
	return c
}

// BenchmarkEnter decides and applies entries while slots are free.
func BenchmarkEnter(b *testing.B) {
	c := play(b, New().(*Tournament), plain(MaxTeams))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%MaxTeams == 0 {
			c = play(b, New().(*Tournament), plain(MaxTeams))
		}
		cmd := enterOne(n)
		facts, err := c.Decide(cmd, day)
		if err != nil {
			b.Fatal(err)
		}
		c.Evolve(facts[0])
	}
}

// BenchmarkRefuse refuses an entry because every slot is taken.
func BenchmarkRefuse(b *testing.B) {
	c := play(b, New().(*Tournament), plain(1), enterOne(0))
	cmd := enterOne(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decide(cmd, day); err == nil {
			b.Fatal("Enter of a full tournament: got no error, want tournament_full")
		}
	}
}

// BenchmarkWithdrawAndPromote withdraws entered teams while half a million wait.
func BenchmarkWithdrawAndPromote(b *testing.B) {
	c := crowdedTournament(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		play(b, c, withdraw(name(n)), enterOne(n+1_000_000))
		n++
	}
}

// BenchmarkWithdrawWaiting withdraws teams from the middle of a waitlist of half a million.
func BenchmarkWithdrawWaiting(b *testing.B) {
	c := crowdedTournament(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		play(b, c, withdraw(name(750_000+n)), enterOne(750_000+n))
		n = (n + 1) % 200_000
	}
}

// BenchmarkRestore reads a snapshot of a million teams.
func BenchmarkRestore(b *testing.B) {
	var saved bytes.Buffer
	if err := crowdedTournament(b).Freeze()(&saved); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := New().Restore(bytes.NewReader(saved.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFreeze runs the part of a snapshot that delays commands; writing is concurrent.
func BenchmarkFreeze(b *testing.B) {
	c := crowdedTournament(b)
	b.ReportAllocs()
	for b.Loop() {
		c.Freeze()
	}
}

// BenchmarkMemory reports the memory of an entered team and of a waiting team.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		empty := heap()
		c := play(b, New().(*Tournament), strict(500_000))
		fill := func(from int) {
			for n := from; n < from+500_000; n++ {
				play(b, c, enterOne(n))
			}
		}
		fill(0)
		entered := heap()
		fill(500_000)
		both := heap()
		b.ReportMetric(float64(entered-empty)/500_000, "B/entered")
		b.ReportMetric(float64(both-entered)/500_000, "B/waiting")
		runtime.KeepAlive(c)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
