package merkle

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRecheckRepairsDamage: any damage to the hashes is logged and repaired, without a request for a head or a
// receipt.
func TestRecheckRepairsDamage(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	log.add(22)
	log.writeTree(t, dir)
	path := filepath.Join(dir, hashesFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 5; at < len(good); at += 32 {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		logged := &strings.Builder{}
		tree, err := Open(t.Context(), Config{Store: log, Dir: dir, Key: keyOf(t, log.epoch, 1),
			Logger: slog.New(slog.NewTextHandler(logged, nil))})
		if err != nil {
			t.Fatal(err)
		}
		stop := runTree(t, tree)
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
			if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, good) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("byte %d: the damaged hashes were not rebuilt within two minutes", at)
			}
		}
		stop()
		if err := tree.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(logged.String(), "from the log"); n != 1 {
			t.Errorf("byte %d: %d warnings about a rebuild, want 1: %s", at, n, logged)
		}
	}
	if lines := headLines(t, dir); len(lines) != 1 {
		t.Errorf("heads after rebuilds of the same log: %q, want one", lines)
	}
}

// TestCheckHashes: checkHashes accepts undamaged trees of every size, and ends with its context.
func TestCheckHashes(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	for range 40 {
		tree := log.mustOpen(t, dir)
		compact := tree.compact.Clone()
		if err := checkHashes(t.Context(), tree.hashes.file, compact); err != nil {
			t.Errorf("checkHashes of %d leaves: %v, want success", compact.Size, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := checkHashes(ctx, tree.hashes.file, compact); compact.Size > 0 && err != context.Canceled {
			t.Errorf("checkHashes of %d leaves with a canceled context: %v, want %v", compact.Size, err, context.Canceled)
		}
		log.add(1)
		if err := tree.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
