package pebbledb

import (
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Listener receives errors of a database that no call returns. Its functions may be called on any goroutine while
// Pebble holds locks, so they must not call the database.
type Listener struct {
	// Damaged is called once for each file with damaged bytes.
	Damaged func(file string, reason error)
	// FlushFailed is called when a memtable cannot be written to a table. Pebble retries immediately and lets
	// writes accumulate until they stall.
	FlushFailed func(error)
	// Failed is called when other background work has failed. Pebble retries it. Damage is reported only to
	// Damaged.
	Failed func(error)
}

// Events returns the event listener for Pebble.
func (l Listener) Events() *pebble.EventListener {
	// FlushEnd also has an error if there was nothing to flush. Only real errors are passed to BackgroundError,
	// immediately after the call of FlushEnd.
	var flushed atomic.Pointer[error]
	var reported sync.Map // damaged files, which Pebble reports repeatedly
	return &pebble.EventListener{
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			if _, loaded := reported.LoadOrStore(info.Path, true); !loaded {
				l.Damaged(info.Path, info.Details)
			}
		},
		FlushEnd: func(info pebble.FlushInfo) { flushed.Store(&info.Err) },
		BackgroundError: func(err error) {
			switch failure := flushed.Load(); {
			case failure != nil && *failure == err:
				l.FlushFailed(err)
			case !pebble.IsCorruptionError(err):
				l.Failed(err)
			}
		},
	}
}
