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

// pebbleOptions returns options that measurably improve BenchmarkAppend. Larger target files, LBaseMaxBytes, L0
// thresholds, WALBytesPerSync, a third memtable and a memtable of 128 MiB changed less than the variation between
// runs, also in BenchmarkGrowth. Without compression in level 0, everything is rewritten once more.
func (s *Store) pebbleOptions(options Options) *pebble.Options {
	o := &pebble.Options{
		FS:       guardFS{s.fs, s},
		Lock:     s.lock,
		ReadOnly: s.reader,
		// This format records the synced length in the write-ahead log, which distinguishes damage in its middle from
		// a torn write at its end.
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             logger{s},
		MemTableSize:       options.memTable,
		MaxOpenFiles:       options.MaxTables,
	}
	// Tables are read sequentially, so larger blocks cost readers little, and they compress better: 5 to 40 % more
	// events per second in paired runs on a disk that was the bottleneck. Compression is enabled for the same
	// reason: on a disk that writes 300 MB/s it nearly halves the bytes that flushes and compactions write.
	for i := range o.Levels {
		o.Levels[i].BlockSize = blockSize
	}
	// Separate the key spaces into different tables. Events are written in the order of their keys, so their tables
	// do not overlap earlier ones and are never rewritten. The size of the first target files puts all events of a
	// flush into one table, which keeps the number of tables small.
	o.Experimental.SpanPolicyFunc = func(key []byte) (_ pebble.SpanPolicy, end []byte, _ error) {
		return pebble.SpanPolicy{}, []byte{key[0] + 1}, nil
	}
	o.TargetFileSizes = [...]int64{int64(options.memTable), 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20, 128 << 20}
	o.EventListener = pebbledb.Listener{
		// Damage does not end the process, because intact data remain readable.
		Damaged: func(file string, reason error) {
			s.logger.Error("the log is damaged", "file", file, "reason", oneLine(reason))
			_ = s.noteDamage(fmt.Errorf("%w: %s: %s", events.ErrDamaged, file, oneLine(reason)))
		},
		// A failed flush ends the process, because memtables would accumulate until appends stall without an error.
		// Other background work is retried.
		FlushFailed: func(err error) { s.terminate(fmt.Errorf("flush: %w", err)) },
		Failed: func(err error) {
			s.logger.Error("the log's background work failed", "reason", oneLine(err))
		},
	}.Events()
	return o
}

const (
	// memTableSize is the size of a flush. Index keys of different streams are spread over their key space, so every
	// flush overlaps earlier ones. Larger and fewer flushes mean less rewriting (2.4 times the appended bytes with
	// 16 MiB, 1.9 with 64, 1.5 with 128), but a slower start after a crash.
	memTableSize = 64 << 20
	blockSize    = 32 << 10
)

// logger logs Pebble's errors and ends the process on fatal ones, such as a failed sync. If Fatalf returned, Pebble
// would continue, and the next sync could seem to succeed.
type logger struct{ s *Store }

func (logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.s.logger.Error(fmt.Sprintf(format, args...))
}

func (l logger) Fatalf(format string, args ...any) {
	l.s.terminate(fmt.Errorf(format, args...))
}

var _ pebble.Logger = logger{}

// oneLine returns the first line of an error's text. Loggers would print Pebble's errors with a stack trace.
func oneLine(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	return line
}
