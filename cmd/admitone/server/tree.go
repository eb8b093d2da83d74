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
	// SharedTreeFolder has this server's hashes of the tree over a log that several append to, below
	// --data.
	SharedTreeFolder = "shared-tree"
	// TreeFolder has the tree over the log, below the store.
	TreeFolder = "tree"
	// HeadKeyFile has the secret from which the key is derived that signs the log's heads, below
	// the store.
	HeadKeyFile = "head.key"
)

// headKey returns the key for a log with an epoch, derived from a secret in the store's directory,
// which is created if needed.
func headKey(dir, epoch string) (*merkle.Key, error) {
	return headKeyOf(filepath.Join(dir, HeadKeyFile), epoch)
}

// headKeyOf is headKey for the file of the secret.
func headKeyOf(file, epoch string) (*merkle.Key, error) {
	if err := makeSecret(file); err != nil {
		return nil, err
	}
	return readHeadKey(file, epoch)
}

// FindHeadKey is headKey without creating a secret: it returns nil for none.
func FindHeadKey(dir, epoch string) (*merkle.Key, error) {
	return readHeadKey(filepath.Join(dir, HeadKeyFile), epoch)
}

// readHeadKey is FindHeadKey for the file of the secret.
func readHeadKey(file, epoch string) (*merkle.Key, error) {
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

// tree is the tree over the log of a server.
type tree interface {
	api.Proofs
	Run(ctx context.Context) error
	Close(ctx context.Context) error
}

// openTree opens the tree of a server's log, if it is wanted.
func (p *Server) openTree(s Settings) error {
	if s.SignEvery <= 0 {
		return nil
	}
	if IsRemote(s.Store) {
		return p.openSharedTree(s)
	}
	tree, err := OpenTree(context.Background(), p.Log, s.Store, s.SignEvery, s.Logger)
	if err == nil {
		p.tree = tree
	}
	return err
}

// openSharedTree opens the tree over a log to which other servers append too.
func (p *Server) openSharedTree(s Settings) error {
	file := s.HeadKeyFile
	if file == "" {
		file = filepath.Join(s.SecretsDirectory(), HeadKeyFile)
	}
	key, err := headKeyOf(file, p.Log.Epoch())
	if err != nil {
		return err
	}
	tree, err := merkle.OpenShared(merkle.SharedConfig{Store: p.Log, Dir: filepath.Join(s.Data, SharedTreeFolder),
		Key: key, Node: p.nodeName(s), Every: s.SignEvery, Logger: s.Logger})
	if err == nil {
		p.tree = tree
	}
	return err
}
