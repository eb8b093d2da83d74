package pebbledb

import (
	"errors"
	"io"
	"testing"
)

func TestFirstLine(t *testing.T) {
	if err := FirstLine(io.EOF); err != io.EOF {
		t.Errorf("an error of one line: %v, want %v", err, io.EOF)
	}
	err := FirstLine(errors.Join(errors.New("block 7"), io.EOF))
	if err.Error() != "block 7" || !errors.Is(err, io.EOF) {
		t.Errorf("%q, want %q, and io.EOF in its chain", err, "block 7")
	}
}
