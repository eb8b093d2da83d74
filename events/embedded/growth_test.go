//go:build unix

package embedded

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"admitone/events"
)

// BenchmarkGrowth simulates bookings, 256 at a time, each of which reads and appends to two new streams. It compares
// the last tenth of the bookings with the first, in rate and in CPU time per booking. Run it with -benchtime=300000x.
func BenchmarkGrowth(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{})
	defer s.Close()
	seats := rand.New(rand.NewPCG(1, 2)).Perm(b.N)
	batch := sampleBatch(1)
	var next atomic.Int64
	book := func(end int64) {
		var all sync.WaitGroup
		for range 256 {
			all.Go(func() {
				for n := next.Add(1) - 1; n < end; n = next.Add(1) - 1 {
					seat := fmt.Sprintf("seat-01912d68-783e-7a03-8467-5661c1243ad4~%d~%d", seats[n]/1000, seats[n]%1000)
					booking := fmt.Sprintf("booking-01912d68-%04x-7%03x-8467-5661c1243ad4", n>>12, n&0xfff)
					for _, stream := range []string{seat, booking} {
						if err := appendNew(s, events.StreamID(stream), batch); err != nil {
							b.Error(err)
							return
						}
					}
				}
			})
		}
		all.Wait()
		next.Store(end)
	}
	b.ResetTimer()
	var took, cpu [10]time.Duration
	for i := range took {
		began, used := time.Now(), cpuTime()
		book(int64(b.N * (i + 1) / 10))
		took[i], cpu[i] = time.Since(began), cpuTime()-used
	}
	b.StopTimer()
	per := float64(b.N) / 10 * 1000
	for i := range took {
		b.Logf("%d: %.1f µs, %.1f µs of CPU", i, float64(took[i])/per, float64(cpu[i])/per)
	}
	total := time.Duration(0)
	for _, d := range cpu {
		total += d
	}
	b.ReportMetric(float64(total)/per/10, "CPU-µs")
	b.ReportMetric(float64(took[0])/float64(took[9]), "last/first-rate")
	b.ReportMetric(float64(cpu[0])/float64(cpu[9]), "last/first-CPU")
	b.ReportMetric(float64(cpu[0])/per, "first-CPU-µs")
	b.ReportMetric(float64(cpu[9])/per, "last-CPU-µs")
	stats, tables := s.Stats(), s.db.Metrics().Total()
	b.ReportMetric(float64(stats.Appends)/float64(stats.Commits), "appends/commit")
	b.ReportMetric(float64(tables.TableBytesFlushed+tables.TableBytesCompacted)/float64(stats.Bytes), "rewrites")
}

func appendNew(s *Store, stream events.StreamID, batch []events.Event) error {
	ctx := context.Background()
	if page, err := s.Read(ctx, stream, events.EndRevision, events.Backward, 1); err != nil || len(page) > 0 {
		return fmt.Errorf("%d events, %w", len(page), err)
	}
	_, err := s.Append(ctx, stream, events.NoStream, batch)
	return err
}

// cpuTime returns the CPU time that the process has used.
func cpuTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkNewStreams appends one event to each of many new streams, 256 at a time, with each kind of append.
// AppendAll appends to two streams.
func BenchmarkNewStreams(b *testing.B) {
	ctx, batch := context.Background(), sampleBatch(1)
	stream := func(n int64) events.StreamID {
		return events.StreamID(fmt.Sprintf("booking-01912d68-%04x-7%03x-8467-5661c1243ad4", n>>12, n&0xfff))
	}
	b.Run("Append", func(b *testing.B) {
		benchmarkNewStreams(b, func(s *Store, n int64) error {
			_, err := s.Append(ctx, stream(n), events.NoStream, batch)
			return err
		})
	})
	b.Run("AppendAll", func(b *testing.B) {
		benchmarkNewStreams(b, func(s *Store, n int64) error {
			if n%2 == 1 {
				return nil
			}
			_, err := s.AppendAll(ctx, []events.StreamAppend{
				{Stream: stream(n), Expected: events.NoStream, Batch: batch},
				{Stream: stream(n + 1), Expected: events.NoStream, Batch: batch},
			})
			return err
		})
	})
	b.Run("AppendThen", func(b *testing.B) {
		s := mustOpen(b, b.TempDir(), Options{})
		defer s.Close()
		results := make(chan error, 256)
		then := func(_ events.Appended, err error) { results <- err }
		for range 256 {
			results <- nil
		}
		awaitStreams(b, s)
		b.ReportAllocs()
		used := cpuTime()
		b.ResetTimer()
		for n := range int64(b.N + 256) {
			if err := <-results; err != nil {
				b.Fatal(err)
			}
			if n >= int64(b.N) {
				continue
			}
			if err := s.AppendThen(ctx, stream(n), events.NoStream, batch, then); err != nil {
				b.Fatal(err)
			}
		}
		reportNewStreams(b, s, used)
	})
}

func benchmarkNewStreams(b *testing.B, appendOne func(s *Store, n int64) error) {
	s := mustOpen(b, b.TempDir(), Options{})
	defer s.Close()
	awaitStreams(b, s)
	b.ReportAllocs()
	used := cpuTime()
	b.ResetTimer()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 256 {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
				if err := appendOne(s, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	reportNewStreams(b, s, used)
}

func reportNewStreams(b *testing.B, s *Store, used time.Duration) {
	b.StopTimer()
	stats := s.Stats()
	b.ReportMetric(float64(cpuTime()-used)/float64(b.N)/1000, "CPU-µs/op")
	b.ReportMetric(float64(stats.Appends)/float64(stats.Commits), "appends/commit")
}
