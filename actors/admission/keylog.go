package admission

import (
	"context"
	"errors"
	"slices"
	"time"

	"admitone/actors"
	"admitone/events"
)

// keyLog reads and appends the fingerprints of the pass keys that all servers on a log share. It is
// not safe for concurrent use.
type keyLog struct {
	store        events.Store
	fingerprints []string // in the order in which they were added
	// The last event as of the last read.
	revision events.Revision
	hash     events.Hash
}

// appendAttempts bounds the attempts to append when other servers append at the same time.
const appendAttempts = 8

func newKeyLog(store events.Store) *keyLog {
	return &keyLog{store: store, revision: events.NoStream}
}

// read reads the fingerprints appended since the last read. Errors: the store's; an event that
// can't be decoded.
func (l *keyLog) read(ctx context.Context) error {
	for e, err := range events.Stream(ctx, l.store, events.SettingsStream, l.revision+1) {
		if err != nil {
			return err
		}
		fact, err := e.Decode()
		if err != nil {
			return err
		}
		if f, ok := fact.(*events.PassKeysAdded); ok {
			l.fingerprints = append(l.fingerprints, f.Fingerprints...)
		}
		if l.hash, err = events.RecordedHash(e.Metadata); err != nil {
			return err
		}
		l.revision = e.Revision
	}
	return nil
}

// missing returns those of the fingerprints that are not in the log.
func (l *keyLog) missing(fingerprints []string) (missing []string) {
	for _, key := range fingerprints {
		if !slices.Contains(l.fingerprints, key) {
			missing = append(missing, key)
		}
	}
	return missing
}

// hasNewer reports whether the newest key of the log is not among keys, so that this server lacks it.
func (l *keyLog) hasNewer(keys []string) bool {
	return len(l.fingerprints) > 0 && !slices.Contains(keys, l.fingerprints[len(l.fingerprints)-1])
}

// add appends those of keys that are missing. If allowed, which it calls before each attempt, returns
// false, add returns nil without appending. Errors: the store's; ErrConflict and ErrUnknown only after
// the last attempt.
func (l *keyLog) add(ctx context.Context, keys []string, allowed func() bool, now time.Time) error {
	command, err := string(actors.NewCommandID()), error(nil)
	for range appendAttempts {
		missing := l.missing(keys)
		if len(missing) == 0 || !allowed() {
			return nil
		}
		fact := &events.PassKeysAdded{Fingerprints: missing}
		e := events.Event{ID: events.EventID(command, 0), Type: fact.Name(), Data: events.AppendFact(nil, fact), Fact: fact}
		e.Metadata, _ = events.Seal(nil, l.hash, events.SettingsStream, l.revision+1, &e, &events.Metadata{
			CommandID: command, CorrelationID: command, CausationID: "keys", Actor: "system", At: now.Round(0).UTC()})
		_, err = l.store.Append(ctx, events.SettingsStream, l.revision, []events.Event{e})
		if err != nil && !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnknown) {
			return err
		}
		// If another server has appended first, or the response was lost, the log shows the outcome.
		if readErr := l.read(ctx); readErr != nil {
			return readErr
		}
	}
	return err
}
