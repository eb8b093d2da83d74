package embedded

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// batchBytes is what the committer's batch begins with.
const batchBytes = 1 << 20

// pebbleOptions are the options that were found to pay with BenchmarkAppend.
// Tried and left alone, because runs differed more among themselves: larger target
// files, LBaseMaxBytes, L0 thresholds, WALBytesPerSync, a third memtable in flight.
// Values in files of their own (ValueSeparationPolicy) would all but end the
// rewriting (1.06 times), but Pebble still calls that experimental.
func (s *Store) pebbleOptions(memTable uint64) *pebble.Options {
	o := &pebble.Options{
		FS:   guardFS{s.fs, s},
		Lock: s.lock,
		// The format also makes the write-ahead log say how far it was synced, so
		// that damage in its middle is told from a tail that a power loss cut off.
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             logger{s},
		MemTableSize:       memTable,
	}
	// Tables are read in long runs, so larger blocks cost readers little, and they
	// make fewer and better compressed blocks to write: 5 to 40 % more events per
	// second in pairs of runs on a disk that was the bottleneck. Compression stays on
	// for the same reason: on a disk that writes 300 MB/s it nearly halves what flushes
	// and compactions write.
	for i := range o.Levels {
		o.Levels[i].BlockSize = blockSize
	}
	// FlushEnd also tells of flushes that had nothing to write, as an error that is
	// none; only real ones come to BackgroundError, right behind it.
	var flushed atomic.Pointer[error]
	var told sync.Map // damaged files: Pebble comes upon one again and again
	o.EventListener = &pebble.EventListener{
		// Reading damaged bytes is an error of that read, and no reason to end the
		// process: what is intact stays readable.
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			if _, known := told.LoadOrStore(info.Path, true); !known {
				s.logger.Error("the log is damaged", "file", info.Path, "reason", oneLine(info.Details))
			}
		},
		FlushEnd: func(info pebble.FlushInfo) { flushed.Store(&info.Err) },
		// What a flush can't write piles up until appends stop without an error. So
		// that ends the process; a compaction can be done another time.
		BackgroundError: func(err error) {
			if of := flushed.Load(); of != nil && *of == err {
				s.die(fmt.Errorf("flush: %w", err))
			}
			if !pebble.IsCorruptionError(err) { // that has been told
				s.logger.Error("the log's background work failed", "reason", oneLine(err))
			}
		},
	}
	return o
}

const (
	// memTableSize is what is flushed at once. Index keys of different streams are
	// spread over their key space, so every flush overlaps the ones before; larger
	// and fewer flushes mean less rewriting (2.4 times what was appended with 16 MiB,
	// 1.9 with 64, 1.5 with 128), and a longer start after a crash.
	memTableSize = 64 << 20
	blockSize    = 32 << 10
)

// logger passes on what Pebble complains about and ends the process on what
// Pebble calls fatal: a failed sync above all. Pebble goes on if Fatalf returns,
// and the next sync would seem to succeed.
type logger struct{ s *Store }

func (logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.s.logger.Error(fmt.Sprintf(format, args...))
}

func (l logger) Fatalf(format string, args ...any) {
	l.s.die(fmt.Errorf(format, args...))
}

var _ pebble.Logger = logger{}

// oneLine is an error in words: Pebble's print as a page of the program's calls when a
// logger writes them.
func oneLine(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	return line
}
