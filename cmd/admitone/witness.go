package main

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"admitone/events"
	"admitone/events/merkle"
)

// witness hands on a log that somebody else reads forward, and holds what goes by to
// the heads that were signed over it: on a goroutine of its own, so that both cores
// have work.
type witness struct {
	events.Store
	check *merkle.Check // nil if there are no heads to hold the log to

	pages chan []events.Recorded
	ended sync.WaitGroup
	// err is the hashing goroutine's until it has ended.
	err error
}

// newWitness looks for heads where the log is; kept is one more, or nil.
func newWitness(store events.Store, from source, kept *merkle.SignedHead) (*witness, error) {
	w := &witness{Store: store}
	dir, verifier := "", note.Verifier(nil)
	if from.embedded() {
		dir = filepath.Join(from.store, treeFolder)
		key, err := findHeadKey(from.store, store.Epoch())
		if err != nil {
			return nil, err
		}
		if key != nil {
			verifier = key.Verifier()
		}
	}
	check, err := merkle.NewCheck(dir, store.Epoch(), verifier)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		check.Against(kept.Head)
	}
	if !check.Needed() {
		return w, check.Close()
	}
	w.check, w.pages = check, make(chan []events.Recorded, 4)
	w.ended.Go(func() {
		for page := range w.pages {
			w.take(page)
		}
	})
	return w, nil
}

// take holds the events of a page that come next; others are read later, or were
// before.
func (w *witness) take(page []events.Recorded) {
	for i := range page {
		if w.err == nil && page[i].Position == events.Position(w.check.Size()+1) {
			w.err = w.check.Take(&page[i])
		}
	}
}

// ReadAll implements events.Store.
func (w *witness) ReadAll(ctx context.Context, from events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	page, err := w.Store.ReadAll(ctx, from, dir, limit)
	if w.check != nil && dir == events.Forward && len(page) > 0 {
		w.pages <- page
	}
	return page, err
}

// end says what was found, up to head, once the log is not read through the witness
// any more; failed is how that ended. Errors: failed; a *merkle.Contradiction; the
// log's.
func (w *witness) end(ctx context.Context, head events.Position, failed error) error {
	if w.check == nil {
		return failed
	}
	close(w.pages)
	w.ended.Wait()
	if failed != nil {
		w.err = failed
		return errors.Join(failed, w.check.Close())
	}
	for w.err == nil && events.Position(w.check.Size()) < head { // what was not read in order
		page, err := w.Store.ReadAll(ctx, events.Position(w.check.Size()), events.Forward, 1024)
		if w.err = err; err != nil {
			break
		}
		before := w.check.Size()
		if w.take(page); w.err == nil && w.check.Size() == before {
			w.err = merkle.ErrGap
		}
	}
	if w.err == nil {
		w.err = w.check.End()
	}
	return errors.Join(w.err, w.check.Close())
}

// found is how many heads are about this log, and its root.
func (w *witness) found() (heads int, root string) {
	if w.check == nil || w.err != nil {
		return 0, ""
	}
	edge := w.check.Edge()
	return w.check.Heads(), edge.Root().String()
}

// keptHead reads --against: a signed head as it is, what /v1/log/head answers, or a
// receipt. It must be signed with the key of the log, or the one that --key names.
func keptHead(cmd *cobra.Command, from source, epoch, file, key string) (*merkle.SignedHead, error) {
	if file == "" {
		return nil, nil
	}
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	var inside struct{ Note, Head string }
	if json.Unmarshal(text, &inside) == nil && inside.Note+inside.Head != "" {
		text = []byte(inside.Note + inside.Head)
	}
	h, err := merkle.ReadHead(string(text))
	if err != nil {
		return nil, usagef("--against %s: %w", file, err)
	}
	if key == "" {
		if key, err = ownKey(cmd, from, epoch); err != nil {
			return nil, err
		}
		if key == "" || h.Epoch != epoch {
			return nil, usagef("--against %s is of the log %s, and this is %s; give with --key the key that has signed it", file, h.Epoch, epoch)
		}
	}
	verifier, err := verifierOf(key)
	if err != nil {
		return nil, err
	}
	if h, err = merkle.OpenHead(string(text), verifier); err != nil {
		return nil, usagef("--against %s: %w", file, err)
	}
	return &h, nil
}

// ownKey is the public half of the key that a log has itself, "" if it has none.
func ownKey(cmd *cobra.Command, from source, epoch string) (string, error) {
	if from.url != "" {
		h, err := from.head(cmd, nil)
		return h.Key, err
	}
	if !from.embedded() {
		return "", nil
	}
	key, err := findHeadKey(from.store, epoch)
	if err != nil || key == nil {
		return "", err
	}
	return key.String(), nil
}
