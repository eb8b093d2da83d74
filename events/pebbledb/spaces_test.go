package pebbledb

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestSeparateSpaces: without the policy, tables have keys of several spaces, and compactions rewrite
// ascending keys between two spaces of random ones.
func TestSeparateSpaces(t *testing.T) {
	if mixed := writeSpaces(t, nil); mixed == 0 {
		t.Error("no table has keys of several spaces without the policy")
	}
	if mixed := writeSpaces(t, SeparateSpaces(func(key []byte) []byte { return []byte{key[0] + 1} })); mixed != 0 {
		t.Errorf("%d tables have keys of several spaces", mixed)
	}
}

// writeSpaces writes three spaces of keys and returns the number of tables with keys of several.
func writeSpaces(t *testing.T, policy pebble.SpanPolicyFunc) (mixed int) {
	options := &pebble.Options{FS: vfs.NewMem(), DisableWAL: true}
	options.Experimental.SpanPolicyFunc = policy
	db, err := pebble.Open("db", options)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(space string) []byte { return binary.BigEndian.AppendUint64([]byte(space), rng.Uint64()) }
	for i := range uint64(20_000) {
		err := errors.Join(
			db.Set(random("a"), nil, pebble.NoSync),
			db.Set(binary.BigEndian.AppendUint64([]byte("b"), i), make([]byte, 1000), pebble.NoSync),
			db.Set(random("c"), nil, pebble.NoSync))
		if i%500 == 0 {
			err = errors.Join(err, db.Flush())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	levels, err := db.SSTables()
	for _, tables := range levels {
		for _, table := range tables {
			if table.Smallest.UserKey[0] != table.Largest.UserKey[0] {
				mixed++
			}
		}
	}
	total := db.Metrics().Total()
	t.Logf("%d bytes flushed, %d compacted", total.TableBytesFlushed, total.TableBytesCompacted)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return mixed
}
