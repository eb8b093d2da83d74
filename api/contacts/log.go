package contacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"admitone/events"
)

// forgottenFile records the event up to which this server has applied the log's forgotten holders.
const forgottenFile = "forgotten"

// Facts are permanent, and a caller could request any number of them. So a holder without contacts here is recorded as
// forgotten at most once per repeatInterval; maxRecent bounds the holders whose last request is remembered.
const (
	repeatInterval = time.Minute
	maxRecent      = 1 << 16
)

// RepeatError is returned by Record for a holder who has no contacts here and was forgotten less than
// repeatInterval ago. Another fact may be recorded after Wait.
type RepeatError struct{ Wait time.Duration }

// Error implements error.
func (e *RepeatError) Error() string {
	return fmt.Sprintf("the holder was forgotten a moment ago; try again in %v", e.Wait)
}

// recordAttempts bounds the attempts to append when other servers append to the same stream.
const recordAttempts = 8

// progress identifies the last applied event of the settings stream.
type progress struct {
	revision events.Revision
	hash     events.Hash
}

var noProgress = progress{revision: events.NoStream}

// HashOf returns the hash under which the log records a forgotten holder.
func HashOf(holder events.Holder) string {
	sum := sha256.Sum256([]byte(holder))
	return hex.EncodeToString(sum[:])
}

// HasDataOf reports whether Forget would destroy a key of a holder, as far as known without reading the files.
func (b *Book) HasDataOf(holder events.Holder) bool {
	id := holderIDOf(holder)
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, have := b.keys.slots[id]
	return have || len(b.keys.spare[id]) > 0 || b.missing[id]
}

// CatchUp forgets all holders that the log records as forgotten, each once: contacts stored after that stay. If the log
// does not continue the one seen before, as after restoring a backup, it applies all facts again. Safe for concurrent
// use. Errors: the store's and the file system's; an event that can't be decoded.
func (b *Book) CatchUp(ctx context.Context, store events.Store) error {
	if err := b.lockLog(ctx); err != nil {
		return err
	}
	defer b.unlockLog()
	_, err := b.catchUp(ctx, store, "")
	return err
}

// Record appends the fact that a holder is forgotten, and forgets the holder here. It returns the fact's position.
// Errors: [*RepeatError]; the store's, ErrConflict and ErrUnknown after the last attempt; as CatchUp.
func (b *Book) Record(ctx context.Context, store events.Store, holder events.Holder,
	metadata events.Metadata) (events.Position, error) {
	if err := b.lockLog(ctx); err != nil {
		return 0, err
	}
	defer b.unlockLog()
	hadData := b.HasDataOf(holder)
	fact := &events.HolderForgotten{HolderHash: HashOf(holder)}
	appendErr := error(nil)
	for attempt := 0; ; attempt++ {
		at, err := b.catchUp(ctx, store, metadata.CommandID)
		if err != nil || at != 0 {
			return at, err
		}
		if wait := repeatInterval - time.Since(b.recent[holderIDOf(holder)]); wait > 0 && !hadData && appendErr == nil {
			return 0, &RepeatError{min(wait, repeatInterval)}
		}
		if attempt == recordAttempts {
			return 0, appendErr
		}
		e := events.Event{ID: events.EventID(metadata.CommandID, 0), Type: fact.Name(), Data: events.AppendFact(nil, fact),
			Fact: fact}
		metadata.At = time.Now().Round(0).UTC()
		e.Metadata, _ = events.Seal(nil, b.applied.hash, events.SettingsStream, b.applied.revision+1, &e, &metadata)
		_, appendErr = store.Append(ctx, events.SettingsStream, b.applied.revision, []events.Event{e})
		if appendErr != nil && !errors.Is(appendErr, events.ErrConflict) && !errors.Is(appendErr, events.ErrUnknown) {
			return 0, appendErr
		}
	}
}

// lockLog acquires logLock. Error: ctx.Err().
func (b *Book) lockLog(ctx context.Context) error {
	select {
	case b.logLock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Book) unlockLog() { <-b.logLock }

// catchUp applies the facts after the saved progress. It returns the position of the fact of a command, 0 if there is
// none. The caller holds logLock.
func (b *Book) catchUp(ctx context.Context, store events.Store, command string) (at events.Position, err error) {
	if err := b.restoreProgress(ctx, store); err != nil {
		return 0, err
	}
	saved := b.applied
	for e, err := range events.Stream(ctx, store, events.SettingsStream, b.applied.revision+1) {
		if err != nil {
			return 0, err
		}
		fact, err := e.Decode()
		if err != nil {
			return 0, err
		}
		hash, err := events.RecordedHash(e.Metadata)
		if err != nil {
			return 0, err
		}
		before := b.applied
		b.applied = progress{e.Revision, hash}
		if f, ok := fact.(*events.HolderForgotten); ok {
			known, err := b.apply(f, e.Created)
			if err != nil {
				b.applied = before
				return 0, err
			}
			if known {
				saved = b.applied
			}
		}
		if command != "" && events.RecordedCommand(e.Metadata) == command {
			at = e.Position
		}
	}
	if b.applied != saved {
		return at, b.saveProgress()
	}
	return at, nil
}

// apply forgets a holder by a fact. If there was a key to destroy, it saves the progress before it releases filesMu: a
// contact stored afterwards has a new key, which the same fact must not destroy after a crash.
func (b *Book) apply(f *events.HolderForgotten, at time.Time) (known bool, err error) {
	sum, err := hex.DecodeString(f.HolderHash)
	if err != nil || len(sum) != sha256.Size {
		return false, fmt.Errorf("%w: the hash of a forgotten holder is %.80q", events.ErrDamaged, f.HolderHash)
	}
	id := holderID(sum[:len(holderID{})])
	if len(b.recent) >= maxRecent {
		clear(b.recent)
	}
	if time.Since(at) < repeatInterval {
		b.recent[id] = at
	}
	b.filesMu.Lock()
	defer b.filesMu.Unlock()
	known, err = b.forget(id)
	if err != nil || !known {
		return known, err
	}
	return true, b.saveProgress()
}

// restoreProgress loads the saved progress once, and discards it if the log does not have that event. The caller holds
// logLock.
func (b *Book) restoreProgress(ctx context.Context, store events.Store) error {
	if b.restored {
		return nil
	}
	b.applied = b.loadProgress()
	if b.applied.revision >= 0 {
		page, err := store.Read(ctx, events.SettingsStream, b.applied.revision, events.Forward, 1)
		if err != nil {
			return err
		}
		hash := events.Hash{}
		if len(page) == 1 {
			hash, _ = events.RecordedHash(page[0].Metadata)
		}
		if hash != b.applied.hash {
			b.applied = noProgress
		}
	}
	b.restored = true
	return nil
}

// loadProgress returns the saved progress. If it can't be read, it returns noProgress, so that all facts are
// applied again.
func (b *Book) loadProgress() progress {
	text, err := os.ReadFile(filepath.Join(b.dir, forgottenFile))
	p, hash := noProgress, []byte(nil)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %x\n", &p.revision, &hash)
	}
	if err != nil || len(hash) != len(p.hash) {
		return noProgress
	}
	p.hash = events.Hash(hash)
	return p
}

// saveProgress durably replaces the saved progress, atomically.
func (b *Book) saveProgress() error {
	name := filepath.Join(b.dir, forgottenFile)
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %x\n", b.applied.revision, b.applied.hash[:])
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return syncDir(b.dir)
}
