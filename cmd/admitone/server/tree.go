package server

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
	// TreeFolder has the tree over the log, below the store.
	TreeFolder = "tree"
	// HeadKeyFile has the secret from which the key is derived that signs the log's heads, below
	// the store.
	HeadKeyFile = "head.key"
)

// headKey returns the key for a log with an epoch, derived from a secret in the store's directory,
// which is created if needed.
func headKey(dir, epoch string) (*merkle.Key, error) {
	if err := makeSecret(filepath.Join(dir, HeadKeyFile)); err != nil {
		return nil, err
	}
	return FindHeadKey(dir, epoch)
}

// FindHeadKey is headKey without creating a secret: it returns nil if there is none.
func FindHeadKey(dir, epoch string) (*merkle.Key, error) {
	file := filepath.Join(dir, HeadKeyFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s has no key in base64; put the right one there, or take it away for a new one: %w", file,
			err)
	}
	key, err := merkle.NewKey(seed, epoch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// OpenTree opens the tree over the log in a directory.
func OpenTree(ctx context.Context, log events.Store, dir string, every time.Duration,
	logger *slog.Logger) (*merkle.Tree, error) {
	key, err := headKey(dir, log.Epoch())
	if err != nil {
		return nil, err
	}
	tree, err := merkle.Open(ctx, merkle.Config{Store: log, Dir: filepath.Join(dir, TreeFolder), Key: key, Every: every,
		Logger: logger})
	if errors.Is(err, merkle.ErrContradicted) {
		return nil, fmt.Errorf("%w; find out more with: admitone verify --store %s", err, dir)
	}
	return tree, err
}

// openTree opens the tree of a server's log, unless its positions have gaps.
func (p *Server) openTree(s Settings) (err error) {
	if s.SignEvery > 0 && !IsRemote(s.Store) {
		p.tree, err = OpenTree(context.Background(), p.Log, s.Store, s.SignEvery, s.Logger)
	}
	return err
}

// proofs returns the tree's, nil without a tree.
func (p *Server) proofs() api.Proofs {
	if p.tree == nil {
		return nil
	}
	return p.tree
}
