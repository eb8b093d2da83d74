package peers

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestFrames: frames are read as they were written. A frame that is longer than the limit or cut short is an error.
func TestFrames(t *testing.T) {
	const buffer, limit = 64, 200
	reader := func(text []byte) *frameReader {
		return &frameReader{in: bufio.NewReaderSize(bytes.NewReader(text), buffer), limit: limit}
	}
	var all []byte
	sizes := []int{0, 1, buffer - frameHeader, buffer, buffer + 1, limit, 3}
	for i, size := range sizes {
		all = appendFrame(all, uint64(i+1), bytes.Repeat([]byte{byte(i)}, size))
	}
	r := reader(all)
	for i, size := range sizes {
		id, content, err := r.next()
		if err != nil || id != uint64(i+1) || !bytes.Equal(content, bytes.Repeat([]byte{byte(i)}, size)) {
			t.Errorf("frame %d = %d, %v, %v; want %d bytes", i+1, id, content, err, size)
		}
	}
	if _, _, err := r.next(); err != io.EOF {
		t.Errorf("after the last frame: %v, want %v", err, io.EOF)
	}
	if _, _, err := reader(appendFrame(nil, 1, make([]byte, limit+1))).next(); err != errFrame {
		t.Errorf("a frame beyond the limit: error %v, want %v", err, errFrame)
	}
	for _, size := range []int{5, limit} {
		whole := appendFrame(nil, 1, make([]byte, size))
		for end := 1; end < len(whole); end++ {
			if _, _, err := reader(whole[:end]).next(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("a frame of %d bytes, cut after %d: %v, want %v", size, end, err, io.ErrUnexpectedEOF)
			}
		}
	}
}

// FuzzFrames: the frames that are read from any bytes encode to the same bytes.
func FuzzFrames(f *testing.F) {
	f.Add(appendFrame(appendFrame(nil, 1, []byte("one")), 2, bytes.Repeat([]byte("two"), 30)))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 1, 7})
	f.Fuzz(func(t *testing.T, text []byte) {
		r := frameReader{in: bufio.NewReaderSize(bytes.NewReader(text), 64), limit: 200}
		var again []byte
		for {
			id, content, err := r.next()
			if err != nil {
				if err == io.EOF && len(again) != len(text) {
					t.Errorf("io.EOF after %d bytes, want it after %d", len(again), len(text))
				}
				break
			}
			if len(content) > r.limit {
				t.Fatalf("a content of %d bytes, want at most %d", len(content), r.limit)
			}
			again = appendFrame(again, id, content)
		}
		if !bytes.HasPrefix(text, again) {
			t.Errorf("the frames encode to %x, want a prefix of %x", again, text)
		}
	})
}
