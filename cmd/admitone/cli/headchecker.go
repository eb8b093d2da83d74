package cli

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/merkle"
)

// headChecker wraps a log that is read forward and checks the events against its signed heads. It
// hashes on a separate goroutine, so that two processors are used.
type headChecker struct {
	events.Store
	ctx   context.Context
	check *merkle.Check    // of heads over all events; nil without any
	own   *merkle.OwnCheck // of heads over this system's own; nil without any

	pages chan readPage
	ended sync.WaitGroup
	// reached and err belong to the hashing goroutine until it has ended.
	reached events.Position
	err     error
}

// readPage is a page of the log that was read after a position.
type readPage struct {
	from   events.Position
	events []events.Recorded
}

// newHeadChecker finds the heads of a log; kept is an additional one, or nil.
func newHeadChecker(ctx context.Context, store events.Store, from source,
	kept *merkle.Checkpoint) (*headChecker, error) {
	w := &headChecker{Store: store, ctx: ctx}
	check, err := merkle.NewCheck("", store.Epoch(), nil)
	if from.embedded() {
		check, err = treeCheck(from.store, store.Epoch())
	}
	if err != nil {
		return nil, err
	}
	own, err := merkle.NewOwnCheck(ctx, store, from.url == "")
	if err != nil {
		return nil, errors.Join(err, check.Close())
	}
	switch {
	case kept != nil && kept.Own:
		own.Against(kept.Head)
	case kept != nil:
		check.Against(kept.Head)
	}
	if own.Needed() {
		w.own = own
	}
	if check.Needed() {
		w.check = check
	} else if err := check.Close(); err != nil || w.own == nil {
		return w, err
	}
	w.pages = make(chan readPage, 4)
	w.ended.Go(func() {
		for page := range w.pages {
			w.record(page)
		}
	})
	return w, nil
}

// treeCheck finds the heads in the tree of a log in a directory.
func treeCheck(dir, epoch string) (*merkle.Check, error) {
	key, err := server.FindHeadKey(dir, epoch)
	if err != nil {
		return nil, err
	}
	verifier := note.Verifier(nil)
	if key != nil {
		verifier = key.Verifier()
	}
	return merkle.NewCheck(filepath.Join(dir, server.TreeFolder), epoch, verifier)
}

// record adds the events of a page that come next. Other events are read later, or were already
// added.
func (w *headChecker) record(page readPage) {
	if page.from > w.reached {
		return
	}
	for i := range page.events {
		e := &page.events[i]
		if w.err != nil || e.Position <= w.reached {
			continue
		}
		w.reached = e.Position
		if w.check != nil {
			w.err = w.check.Take(e)
		}
		if w.err == nil && w.own != nil {
			w.err = w.own.Take(w.ctx, e)
		}
	}
}

// ReadAll implements events.Store.
func (w *headChecker) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	page, err := w.Store.ReadAll(ctx, from, dir, limit)
	if w.pages != nil && dir == events.Forward && len(page) > 0 {
		w.pages <- readPage{from, page}
	}
	return page, err
}

// end completes the check up to head, once the log is no longer read through the headChecker;
// readErr is the error with which reading ended. Errors: readErr; a *merkle.Contradiction; the log's.
func (w *headChecker) end(ctx context.Context, head events.Position, readErr error) error {
	if w.pages == nil {
		return readErr
	}
	close(w.pages)
	w.ended.Wait()
	if readErr != nil {
		w.err = readErr
		return errors.Join(readErr, w.close())
	}
	for w.err == nil && w.reached < head { // events that no page contained
		page, err := w.Store.ReadAll(ctx, w.reached, events.Forward, 1024)
		if w.err = err; err != nil {
			break
		}
		before := w.reached
		if w.record(readPage{before, page}); w.err == nil && w.reached == before {
			w.err = merkle.ErrGap
		}
	}
	if w.err == nil && w.check != nil {
		w.err = w.check.End()
	}
	if w.err == nil && w.own != nil {
		w.err = w.own.End(ctx)
	}
	return errors.Join(w.err, w.close())
}

func (w *headChecker) close() error {
	if w.check == nil {
		return nil
	}
	return w.check.Close()
}

// found returns the number of heads of this log, and its root.
func (w *headChecker) found() (heads int, root string) {
	if w.err != nil {
		return 0, ""
	}
	if w.own != nil {
		edge := w.own.CompactRange()
		heads, root = w.own.Heads(), edge.Root().String()
	}
	if w.check != nil {
		edge := w.check.CompactRange()
		heads, root = heads+w.check.Heads(), edge.Root().String()
	}
	return heads, root
}

// keptHead reads --against: a signed head, the answer of /v1/log/head, or a receipt. It must be
// signed with the key of the log, or the one given by --key.
func keptHead(cmd *cobra.Command, from source, store events.Store, file, key string) (*merkle.Checkpoint, error) {
	if file == "" {
		return nil, nil
	}
	text, err := readFile(cmd, file, maxReceipt)
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
		if key, err = from.keyFor(cmd, store, &h, file); err != nil {
			return nil, err
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

// keyFor returns the public half of the log's own key, for a head stored in file. It is a usage
// error if there is none.
func (s *source) keyFor(cmd *cobra.Command, store events.Store, h *merkle.Checkpoint, file string) (string, error) {
	key, epoch := "", store.Epoch()
	var err error
	if h.Own && s.url == "" {
		// A log identified by its events has a separate epoch, which the key names.
		if key, err = merkle.OwnKey(cmd.Context(), store); err == nil && key != "" {
			verifier, _ := verifierOf(key) // it has already been parsed
			epoch = strings.TrimPrefix(verifier.Name(), "admitone/")
		}
	} else {
		key, err = s.ownKey(cmd, epoch)
	}
	switch {
	case err != nil:
		return "", err
	case h.Epoch != epoch:
		return "", usagef("--against %s is of the log %s, and this is %s; give with --key the key that has signed it", file,
			h.Epoch, epoch)
	case key == "" && s.embedded() && embedded.IsCopy(s.store):
		return "", usagef("--against %s is of the log that %s is a copy (backup) of, and a copy has no key to check its "+
			"signature with; "+
			"give with --key what this prints where the log itself is: admitone receipt key", file, s.store)
	case key == "":
		return "", usagef("--against %s can't be checked, for there is no %s in %s; give with --key the key that has "+
			"signed it", file, server.HeadKeyFile, s.name())
	}
	return key, nil
}

// ownKey returns the public half of the key of heads over all events, "" if there is none.
func (s *source) ownKey(cmd *cobra.Command, epoch string) (string, error) {
	if s.url != "" {
		h, err := s.head(cmd, nil)
		return h.Key, err
	}
	if !s.embedded() {
		return "", nil
	}
	key, err := server.FindHeadKey(s.store, epoch)
	if err != nil || key == nil {
		return "", err
	}
	return key.String(), nil
}
