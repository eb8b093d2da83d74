package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"admitone/api"
	"admitone/events"
	"admitone/events/merkle"
)

const (
	// treeFolder holds the tree over the log, below the store.
	treeFolder = "tree"
	// headKeyFile has the secret of which the key is made that signs the log's heads,
	// below the store.
	headKeyFile = "head.key"
)

// headKey returns the key of the log of an epoch, out of a secret in the store's
// directory that is made at the first need.
func headKey(dir, epoch string) (*merkle.Key, error) {
	if err := makeSecret(filepath.Join(dir, headKeyFile)); err != nil {
		return nil, err
	}
	return findHeadKey(dir, epoch)
}

// findHeadKey is headKey for those who make nothing: it returns nil if there is no
// secret.
func findHeadKey(dir, epoch string) (*merkle.Key, error) {
	file := filepath.Join(dir, headKeyFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s has no key in base64; put the right one there, or take it away for a new one: %w", file, err)
	}
	key, err := merkle.NewKey(seed, epoch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// openTree opens the tree over the log in a directory.
func openTree(ctx context.Context, log events.Store, dir string, every time.Duration, logger *slog.Logger) (*merkle.Tree, error) {
	key, err := headKey(dir, log.Epoch())
	if err != nil {
		return nil, err
	}
	tree, err := merkle.Open(ctx, merkle.Config{Store: log, Dir: filepath.Join(dir, treeFolder), Key: key, Every: every, Logger: logger})
	if errors.Is(err, merkle.ErrContradicted) {
		return nil, fmt.Errorf("%w; find out more with: admitone verify --store %s", err, dir)
	}
	return tree, err
}

// openTree opens the tree of a server's log. One whose positions have gaps has none.
func (p *program) openTree(s settings) (err error) {
	if s.signEvery > 0 && !elsewhere(s.store) {
		p.tree, err = openTree(context.Background(), p.log, s.store, s.signEvery, s.logger)
	}
	return err
}

// proofs are the tree's, if there is one.
func (p *program) proofs() api.Proofs {
	if p.tree == nil {
		return nil
	}
	return p.tree
}
