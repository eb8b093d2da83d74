package pebbledb

import (
	"errors"
	"io"
	"testing"
)

func TestFirstLine(t *testing.T) {
	if err := FirstLine(io.EOF); err != io.EOF {
		t.Errorf("FirstLine of an error with one line = %v, want %v", err, io.EOF)
	}
	err := FirstLine(errors.Join(errors.New("block 7"), io.EOF))
	if err.Error() != "block 7" || !errors.Is(err, io.EOF) {
		t.Errorf("FirstLine = %q, want %q that wraps io.EOF", err, "block 7")
	}
}
