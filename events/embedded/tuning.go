package embedded

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/events/pebbledb"
)

// batchBytes is the initial size of the committer's batch.
const batchBytes = 1 << 20

// pebbleOptions are the options that measurably improved BenchmarkAppend. Larger target files,
// LBaseMaxBytes, L0 thresholds, WALBytesPerSync and a third memtable made less difference than the
// variation between runs, also to BenchmarkGrowth, as did a memtable of 128 MiB; without
// compression in level 0, everything is rewritten once more.
func (s *Store) pebbleOptions(options Options) *pebble.Options {
	o := &pebble.Options{
		FS:       guardFS{s.fs, s},
		Lock:     s.lock,
		ReadOnly: s.reader,
		// This format also records the synced length in the write-ahead log, which distinguishes
		// damage in its middle from a torn tail.
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             logger{s},
		MemTableSize:       options.memTable,
		MaxOpenFiles:       options.MaxTables,
	}
	// Tables are read sequentially, so larger blocks cost readers little and compress better: 5 to
	// 40 % more events per second in paired runs on a disk that was the bottleneck. Compression
	// stays on for the same reason: on a disk that writes 300 MB/s it nearly halves what flushes
	// and compactions write.
	for i := range o.Levels {
		o.Levels[i].BlockSize = blockSize
	}
	// No table has keys of two spaces. Events are written in the order of their keys: in tables of
	// their own they overlap no earlier ones and are never rewritten. All those of a flush go to one
	// table, which keeps the number of tables small.
	o.Experimental.SpanPolicyFunc = func(key []byte) (_ pebble.SpanPolicy, end []byte, _ error) {
		return pebble.SpanPolicy{}, []byte{key[0] + 1}, nil
	}
	o.TargetFileSizes = [...]int64{int64(options.memTable), 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20, 128 << 20}
	o.EventListener = pebbledb.Listener{
		// Damaged bytes fail the read but do not end the process: intact data remain readable.
		Damaged: func(file string, reason error) {
			s.logger.Error("the log is damaged", "file", file, "reason", oneLine(reason))
			_ = s.noteDamage(fmt.Errorf("%w: %s: %s", events.ErrDamaged, file, oneLine(reason)))
		},
		// After a failed flush, memtables accumulate until appends stall without an error, so it
		// ends the process. A compaction can be retried.
		FlushFailed: func(err error) { s.terminate(fmt.Errorf("flush: %w", err)) },
		Failed: func(err error) {
			s.logger.Error("the log's background work failed", "reason", oneLine(err))
		},
	}.Events()
	return o
}

const (
	// memTableSize is the size of a flush. Index keys of different streams are spread over their
	// key space, so every flush overlaps the ones before; larger and fewer flushes mean less
	// rewriting (2.4 times what was appended with 16 MiB, 1.9 with 64, 1.5 with 128), but a longer
	// start after a crash.
	memTableSize = 64 << 20
	blockSize    = 32 << 10
)

// logger logs Pebble's errors and ends the process on its fatal ones, above all a failed sync.
// Pebble would continue if Fatalf returned, and the next sync would seem to succeed.
type logger struct{ s *Store }

func (logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.s.logger.Error(fmt.Sprintf(format, args...))
}

func (l logger) Fatalf(format string, args ...any) {
	l.s.terminate(fmt.Errorf(format, args...))
}

var _ pebble.Logger = logger{}

// oneLine returns the first line of an error's text: loggers print Pebble's errors with a stack
// trace.
func oneLine(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	return line
}
