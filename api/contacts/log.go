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

// forgottenFile has the place in the log up to which holders are forgotten here.
const forgottenFile = "forgotten"

// Facts are permanent, and one caller could request any number. So the log forgets a holder without contacts here at
// most once in againAfter; maxRecent bounds the holders that are remembered for this.
const (
	againAfter = time.Minute
	maxRecent  = 1 << 16
)

// AgainError is the error of Record for a holder without contacts here whom the log has just forgotten:
// another fact may be recorded after Wait.
type AgainError struct{ Wait time.Duration }

// Error implements error.
func (e *AgainError) Error() string {
	return fmt.Sprintf("the holder was forgotten a moment ago; ask again in %v", e.Wait)
}

// recordAttempts bounds the attempts to append when other servers append to the same stream.
const recordAttempts = 8

// mark is an event of the stream of settings.
type mark struct {
	revision events.Revision
	hash     events.Hash
}

var noMark = mark{revision: events.NoStream}

// HashOf returns the name of a forgotten holder in the log.
func HashOf(holder events.Holder) string {
	sum := sha256.Sum256([]byte(holder))
	return hex.EncodeToString(sum[:])
}

// Remembers reports whether there is something of a holder that Forget would destroy, as far as is known without
// reading the files.
func (b *Book) Remembers(holder events.Holder) bool {
	id := holderIDOf(holder)
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, have := b.keys.slots[id]
	return have || len(b.keys.spare[id]) > 0 || b.missing[id]
}

// CatchUp forgets all holders that the log says are forgotten, each once: contacts kept after that stay. Of a log that
// does not continue the one known before, as after a backup was restored, it follows all facts again. Safe for
// concurrent use. Errors: the store's and the file system's; an event that can't be decoded.
func (b *Book) CatchUp(ctx context.Context, store events.Store) error {
	if err := b.follows(ctx); err != nil {
		return err
	}
	defer b.followed()
	_, err := b.catchUp(ctx, store, "")
	return err
}

// Record has the log say that a holder is forgotten, and forgets the holder here. It returns the position of the fact.
// Errors: [*AgainError]; the store's, ErrConflict and ErrUnknown after the last attempt; as CatchUp.
func (b *Book) Record(ctx context.Context, store events.Store, holder events.Holder,
	metadata events.Metadata) (events.Position, error) {
	if err := b.follows(ctx); err != nil {
		return 0, err
	}
	defer b.followed()
	had := b.Remembers(holder)
	fact := &events.HolderForgotten{HolderHash: HashOf(holder)}
	failed := error(nil)
	for attempt := 0; ; attempt++ {
		at, err := b.catchUp(ctx, store, metadata.CommandID)
		if err != nil || at != 0 {
			return at, err
		}
		if wait := againAfter - time.Since(b.recent[holderIDOf(holder)]); wait > 0 && !had && failed == nil {
			return 0, &AgainError{min(wait, againAfter)}
		}
		if attempt == recordAttempts {
			return 0, failed
		}
		e := events.Event{ID: events.EventID(metadata.CommandID, 0), Type: fact.Name(), Data: events.AppendFact(nil, fact),
			Fact: fact}
		metadata.At = time.Now().Round(0).UTC()
		e.Metadata, _ = events.Seal(nil, b.reached.hash, events.SettingsStream, b.reached.revision+1, &e, &metadata)
		_, failed = store.Append(ctx, events.SettingsStream, b.reached.revision, []events.Event{e})
		if failed != nil && !errors.Is(failed, events.ErrConflict) && !errors.Is(failed, events.ErrUnknown) {
			return 0, failed
		}
	}
}

// follows waits until the caller alone follows the log. Error: ctx.Err().
func (b *Book) follows(ctx context.Context) error {
	select {
	case b.following <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// followed lets others follow the log.
func (b *Book) followed() { <-b.following }

// catchUp follows the facts after the mark. It returns the position of the fact of a command, 0 if there is none. The
// caller holds following.
func (b *Book) catchUp(ctx context.Context, store events.Store, command string) (at events.Position, err error) {
	if err := b.findMark(ctx, store); err != nil {
		return 0, err
	}
	saved := b.reached
	for e, err := range events.Stream(ctx, store, events.SettingsStream, b.reached.revision+1) {
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
		before := b.reached
		b.reached = mark{e.Revision, hash}
		if f, ok := fact.(*events.HolderForgotten); ok {
			known, err := b.follow(f, e.Created)
			if err != nil {
				b.reached = before
				return 0, err
			}
			if known {
				saved = b.reached
			}
		}
		if command != "" && events.RecordedCommand(e.Metadata) == command {
			at = e.Position
		}
	}
	if b.reached != saved {
		return at, b.saveMark()
	}
	return at, nil
}

// follow forgets a holder by a fact, and saves the mark in the same turn if there was something to forget: a contact
// that is kept afterwards is under another key, which must not be destroyed by the same fact after a crash.
func (b *Book) follow(f *events.HolderForgotten, at time.Time) (known bool, err error) {
	sum, err := hex.DecodeString(f.HolderHash)
	if err != nil || len(sum) != sha256.Size {
		return false, fmt.Errorf("%w: a forgotten holder is called %.80q", events.ErrDamaged, f.HolderHash)
	}
	id := holderID(sum[:len(holderID{})])
	if len(b.recent) >= maxRecent {
		clear(b.recent)
	}
	if time.Since(at) < againAfter {
		b.recent[id] = at
	}
	b.turn.Lock()
	defer b.turn.Unlock()
	known, err = b.forget(id)
	if err != nil || !known {
		return known, err
	}
	return true, b.saveMark()
}

// findMark reads the mark, unless it is known, and checks that the log has it. The caller holds following.
func (b *Book) findMark(ctx context.Context, store events.Store) error {
	if b.marked {
		return nil
	}
	b.reached = b.loadMark()
	if b.reached.revision >= 0 {
		page, err := store.Read(ctx, events.SettingsStream, b.reached.revision, events.Forward, 1)
		if err != nil {
			return err
		}
		hash := events.Hash{}
		if len(page) == 1 {
			hash, _ = events.RecordedHash(page[0].Metadata)
		}
		if hash != b.reached.hash {
			b.reached = noMark
		}
	}
	b.marked = true
	return nil
}

// loadMark returns the saved mark, and none if it can't be read: then all facts are followed again.
func (b *Book) loadMark() mark {
	text, err := os.ReadFile(filepath.Join(b.dir, forgottenFile))
	m, hash := noMark, []byte(nil)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %x\n", &m.revision, &hash)
	}
	if err != nil || len(hash) != len(m.hash) {
		return noMark
	}
	m.hash = events.Hash(hash)
	return m
}

// saveMark makes the mark durable, whole or not at all.
func (b *Book) saveMark() error {
	name := filepath.Join(b.dir, forgottenFile)
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %x\n", b.reached.revision, b.reached.hash[:])
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return syncFolder(b.dir)
}
