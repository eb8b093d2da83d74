package cli

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/merkle"
)

// headChecker wraps a log that is read forward and checks the events against the heads that were
// signed over it. It hashes on a goroutine of its own, so that two processors have work.
type headChecker struct {
	events.Store
	check *merkle.Check // nil without heads

	pages chan []events.Recorded
	ended sync.WaitGroup
	// err belongs to the hashing goroutine until it has ended.
	err error
}

// newHeadChecker finds the heads of a log; kept is a further one, or nil.
func newHeadChecker(store events.Store, from source, kept *merkle.Checkpoint) (*headChecker, error) {
	w := &headChecker{Store: store}
	dir, verifier := "", note.Verifier(nil)
	if from.embedded() {
		dir = filepath.Join(from.store, server.TreeFolder)
		key, err := server.FindHeadKey(from.store, store.Epoch())
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
			w.record(page)
		}
	})
	return w, nil
}

// record adds the events of a page that come next. Others are read later, or were added before.
func (w *headChecker) record(page []events.Recorded) {
	for i := range page {
		if w.err == nil && page[i].Position == events.Position(w.check.Size()+1) {
			w.err = w.check.Take(&page[i])
		}
	}
}

// ReadAll implements events.Store.
func (w *headChecker) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	page, err := w.Store.ReadAll(ctx, from, dir, limit)
	if w.check != nil && dir == events.Forward && len(page) > 0 {
		w.pages <- page
	}
	return page, err
}

// end completes the check up to head, once the log is no longer read through the headChecker;
// failed is the error with which reading ended. Errors: failed; a *merkle.Contradiction; the log's.
func (w *headChecker) end(ctx context.Context, head events.Position, failed error) error {
	if w.check == nil {
		return failed
	}
	close(w.pages)
	w.ended.Wait()
	if failed != nil {
		w.err = failed
		return errors.Join(failed, w.check.Close())
	}
	for w.err == nil && events.Position(w.check.Size()) < head { // events that were not read in
		page, err := w.Store.ReadAll(ctx, events.Position(w.check.Size()), events.Forward, 1024)
		if w.err = err; err != nil {
			break
		}
		before := w.check.Size()
		if w.record(page); w.err == nil && w.check.Size() == before {
			w.err = merkle.ErrGap
		}
	}
	if w.err == nil {
		w.err = w.check.End()
	}
	return errors.Join(w.err, w.check.Close())
}

// found returns the number of heads of this log, and its root.
func (w *headChecker) found() (heads int, root string) {
	if w.check == nil || w.err != nil {
		return 0, ""
	}
	edge := w.check.Edge()
	return w.check.Heads(), edge.Root().String()
}

// keptHead reads --against: a signed head, the answer of /v1/log/head, or a receipt. It must be
// signed with the key of the log, or the one that --key names.
func keptHead(cmd *cobra.Command, from source, epoch, file, key string) (*merkle.Checkpoint, error) {
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
		switch {
		case h.Epoch != epoch:
			return nil, usagef("--against %s is of the log %s, and this is %s; give with --key the key that has signed it", file,
				h.Epoch, epoch)
		case key == "" && from.embedded() && embedded.IsCopy(from.store):
			return nil, usagef("--against %s is of the log that %s is a copy (backup) of, and a copy has no key to check its "+
				"signature with; "+
				"give with --key what this prints where the log itself is: admitone receipt key", file, from.store)
		case key == "":
			return nil, usagef("--against %s can't be checked, for there is no %s in %s; give with --key the key that has "+
				"signed it", file, server.HeadKeyFile, from.name())
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

// ownKey returns the public half of the log's own key, "" if it has none.
func ownKey(cmd *cobra.Command, from source, epoch string) (string, error) {
	if from.url != "" {
		h, err := from.head(cmd, nil)
		return h.Key, err
	}
	if !from.embedded() {
		return "", nil
	}
	key, err := server.FindHeadKey(from.store, epoch)
	if err != nil || key == nil {
		return "", err
	}
	return key.String(), nil
}
