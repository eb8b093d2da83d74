package embedded

import (
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// batchBytes is what the committer's batch begins with.
const batchBytes = 1 << 20

// pebbleOptions are the options that were found to pay; see the benchmarks.
func (s *Store) pebbleOptions(memTable uint64) *pebble.Options {
	o := &pebble.Options{
		FS:   s.fs,
		Lock: s.lock,
		// The format also makes the write-ahead log say how far it was synced, so
		// that damage in its middle is told from a tail that a power loss cut off.
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             logger{s},
		MemTableSize:       memTable,
	}
	// FlushEnd also tells of flushes that had nothing to write, as an error that is
	// none; only real ones come to BackgroundError, right behind it.
	var flushed atomic.Pointer[error]
	o.EventListener = &pebble.EventListener{
		// Reading damaged bytes is an error of that read, and no reason to end the
		// process: what is intact stays readable.
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			s.logger.Error("the log is damaged", "file", info.Path, "reason", info.Details)
		},
		FlushEnd: func(info pebble.FlushInfo) { flushed.Store(&info.Err) },
		// What a flush can't write piles up until appends stop without an error. So
		// that ends the process; a compaction can be done another time.
		BackgroundError: func(err error) {
			if of := flushed.Load(); of != nil && *of == err {
				s.die(fmt.Errorf("flush: %w", err))
			}
			s.logger.Error("the log's background work failed", "reason", err)
		},
	}
	return o
}

const memTableSize = 64 << 20

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
