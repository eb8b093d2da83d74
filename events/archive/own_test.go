package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"admitone/events"
	"admitone/events/merkle"
)

// sparse returns a log whose positions have gaps.
func sparse(n int) []events.Recorded {
	all := sampleLog(n)
	for i := range all {
		all[i].Position = events.Position(890 + i*i*7)
	}
	return all
}

func writeOwn(t testing.TB, all []events.Recorded, c Compression) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, c, State{Epoch: "e7", Own: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if _, err := w.Write(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestOwnEvents: events at positions with gaps are restored, and any change is detected.
func TestOwnEvents(t *testing.T) {
	for _, n := range []int{0, 1, 2500} {
		all := sparse(n)
		for _, c := range []Compression{None, Zstd} {
			got, err := read(writeOwn(t, all, c), c)
			if err != nil || len(got) != n {
				t.Fatalf("%s: read %d events, %v; want %d", c, len(got), err, n)
			}
			for i := range all {
				if !equal(&got[i], &all[i]) {
					t.Fatalf("%s: read event %+v, want %+v", c, got[i], all[i])
				}
			}
		}
	}
	file := writeOwn(t, sparse(30), None)
	for i := 0; i < len(file); i += 13 {
		changed := bytes.Clone(file)
		changed[i] ^= 1
		if _, err := read(changed, None); !errors.Is(err, ErrBadFile) {
			t.Fatalf("read with byte %d changed in %s: %v, want %v", i, changed[max(0, i-30):min(len(changed), i+30)], err,
				ErrBadFile)
		}
	}
	lines := bytes.SplitAfter(file, []byte("\n"))
	for name, changed := range map[string][]byte{
		"first line removed":    bytes.Join(lines[1:], nil),
		"event removed":         bytes.Join(append(lines[:5:5], lines[6:]...), nil),
		"events swapped":        bytes.Join(append(append(lines[:5:5], lines[6], lines[5]), lines[7:]...), nil),
		"first line duplicated": bytes.Join(append(lines[:1:1], lines...), nil),
	} {
		if _, err := read(changed, None); !errors.Is(err, ErrBadFile) {
			t.Errorf("%s: read: %v, want %v", name, err, ErrBadFile)
		}
	}
}

// TestOwnRoot: the roots in a file are those of the tree over the own events.
func TestOwnRoot(t *testing.T) {
	all := sparse(1500)
	r, err := NewReader(bytes.NewReader(writeOwn(t, all, None)), None)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var want merkle.CompactRange
	for size := 0; ; {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for ; int64(size) < b.Size; size++ {
			want.Add(nil, &all[size])
		}
		if !b.Own || b.Root != want.Root() {
			t.Errorf("root after %d events = %v, want %v", b.Size, b.Root, want.Root())
		}
	}
}

// TestOwnResumes: a file that is resumed after each piece has all events.
func TestOwnResumes(t *testing.T) {
	all := sparse(9000)
	whole := writeOwn(t, all, Gzip)
	var out bytes.Buffer
	state := State{Epoch: "e7", Own: true}
	for interruptions := 0; ; interruptions++ {
		out.Truncate(int(state.Bytes))
		w, err := NewWriter(&out, Gzip, state)
		if err != nil {
			t.Fatal(err)
		}
		w.pieceLimit = 1 << 20
		done := true
		for i := range all {
			if all[i].Position <= state.Position() {
				continue
			}
			piece, err := w.Write(&all[i])
			if err != nil {
				t.Fatal(err)
			}
			if piece {
				state, done = w.State(), false
				break
			}
		}
		if !done {
			continue
		}
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		if interruptions < 2 {
			t.Errorf("the writer was interrupted %d times, want at least 2", interruptions)
		}
		break
	}
	got, err := read(out.Bytes(), Gzip)
	want, _ := read(whole, Gzip)
	if err != nil || len(got) != len(want) {
		t.Errorf("read %d events, %v; want %d", len(got), err, len(want))
	}
}

// TestGoldenFiles: golden files of both versions are read, and the same events are written with the same bytes.
func TestGoldenFiles(t *testing.T) {
	for name, write := range map[string]func() []byte{
		"testdata/v1.jsonl": func() []byte { return writeFile(t, foreign(sampleLog(40)), None) },
		"testdata/v2.jsonl": func() []byte { return writeOwn(t, sparse(40), None) },
	} {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if all, err := read(file, None); err != nil || len(all) != 40 {
			t.Errorf("%s: read %d events, %v; want 40", name, len(all), err)
		}
		if !bytes.Equal(write(), file) {
			t.Errorf("writing the events of %s yields different bytes, want the golden file", name)
		}
	}
}
