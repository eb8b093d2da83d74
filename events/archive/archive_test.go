package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// sampleLog returns a log of n events in several streams with valid hash chains.
func sampleLog(n int) []events.Recorded {
	random := rand.New(rand.NewPCG(3, uint64(n)))
	links, next := map[events.StreamID]events.Hash{}, map[events.StreamID]events.Revision{}
	all := make([]events.Recorded, 0, n)
	now := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	for i := range n {
		stream := events.NewStreamID("product", fmt.Sprint("ä~", random.IntN(5)))
		e := events.Recorded{Stream: stream, Revision: next[stream], Position: events.Position(i + 1), Created: now,
			Event: events.Event{ID: events.EventID("sample", i), Type: "product.reserved.v1",
				Data: fmt.Appendf(nil, `{"holder":"h-<%d>\n","quantity":%d}`, random.IntN(1000), random.IntN(9))}}
		e.Metadata, links[stream] = events.Seal(nil, links[stream], stream, e.Revision, &e.Event, &events.Metadata{
			CommandID: fmt.Sprint(random.Uint64()), CorrelationID: "q\"☂", Actor: "ada",
			At: now.Add(-time.Duration(random.IntN(1e9)))})
		next[stream]++
		now = now.Add(time.Duration(random.IntN(5)) * 100)
		all = append(all, e)
	}
	return all
}

// writeFile returns the file of a log.
func writeFile(t testing.TB, all []events.Recorded, c Compression) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, c, State{Epoch: "e7"})
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

// read reads a file to its end or the first error.
func read(file []byte, c Compression) (all []events.Recorded, err error) {
	links := map[events.StreamID]events.Hash{}
	r, err := NewReader(bytes.NewReader(file), c)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.LastHash = func(stream events.StreamID) (events.Hash, error) { return links[stream], nil }
	for {
		b, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		for i := range b.Events {
			links[b.Events[i].Stream], _ = events.RecordedHash(b.Events[i].Metadata)
		}
		all = append(all, b.Events...)
		if b.Size != int64(len(all)) {
			return all, fmt.Errorf("block size %d after %d events, want the same", b.Size, len(all))
		}
	}
}

// equal compares all fields of two events.
func equal(a, b *events.Recorded) bool {
	return a.ID == b.ID && a.Type == b.Type && string(a.Data) == string(b.Data) &&
		string(a.Metadata) == string(b.Metadata) &&
		a.Stream == b.Stream && a.Revision == b.Revision && a.Position == b.Position && a.Created.Equal(b.Created)
}

func equalLogs(a, b []events.Recorded) bool {
	return slices.EqualFunc(a, b, func(a, b events.Recorded) bool { return equal(&a, &b) })
}

// TestRoundTrip: logs of all sizes are restored with every compression.
func TestRoundTrip(t *testing.T) {
	for _, c := range []Compression{None, Gzip, Zstd} {
		sizes := []int{0, 1, 7, blockEvents - 1, blockEvents, blockEvents + 1, 2500}
		if c != None {
			sizes = []int{0, 7, blockEvents + 1}
		}
		for _, size := range sizes {
			all := sampleLog(size)
			file := writeFile(t, all, c)
			got, err := read(file, c)
			if err != nil || !equalLogs(all, got) {
				t.Errorf("%q: read %d of %d events, %v; want all", c, len(got), size, err)
			}
			if c == None && bytes.Count(file, []byte("\n")) != size+size/blockEvents+1 {
				t.Errorf("a file of %d events has %d lines, want %d", size, bytes.Count(file, []byte("\n")), size+size/blockEvents+1)
			}
		}
	}
}

// TestLongLines: events that are longer than all buffers are restored.
func TestLongLines(t *testing.T) {
	all := sampleLog(4)
	for i := range all {
		all[i].Data = []byte(`{"name":"` + strings.Repeat("x", 400_000*(i+1)) + `"}`)
	}
	for _, c := range []Compression{None, Gzip, Zstd} {
		if got, err := read(writeFile(t, all, c), c); err != nil || !equalLogs(all, got) {
			t.Errorf("%q: read %d of %d events, %v; want all", c, len(got), len(all), err)
		}
	}
}

// TestResume: a file that is truncated and continued after each piece equals one that was written without
// interruption.
func TestResume(t *testing.T) {
	all := sampleLog(4200)
	for _, c := range []Compression{None, Gzip, Zstd} {
		begin := func(out io.Writer, state State) *Writer {
			w, err := NewWriter(out, c, state)
			if err != nil {
				t.Fatal(err)
			}
			w.pieceLimit = 200 << 10
			return w
		}
		var uninterrupted bytes.Buffer
		w := begin(&uninterrupted, State{Epoch: "e7"})
		for i := range all {
			if _, err := w.Write(&all[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		want := uninterrupted.Bytes()
		var out bytes.Buffer
		state, pieces := State{Epoch: "e7"}, 0
		for {
			out.Truncate(int(state.Bytes))
			w, whole := begin(&out, state), false
			for i := state.Range.Size; i < int64(len(all)) && !whole; i++ {
				var err error
				if whole, err = w.Write(&all[i]); err != nil {
					t.Fatal(err)
				}
			}
			if !whole {
				if err := w.Finish(); err != nil {
					t.Fatal(err)
				}
				break
			}
			state = w.State()
			pieces++
			if int64(out.Len()) != state.Bytes {
				t.Fatalf("%q: the state has %d bytes, want the %d written", c, state.Bytes, out.Len())
			}
			for range 3 { // the start of the next piece, as after a crash
				out.WriteByte('x')
			}
		}
		if !bytes.Equal(out.Bytes(), want) || pieces < 3 {
			t.Errorf("%q: %d bytes after %d pieces, want %d bytes in at least 3 pieces", c, out.Len(), pieces, len(want))
		}
	}
	bad := State{Epoch: "e7"}
	bad.Range.Size = 3
	if _, err := NewWriter(io.Discard, None, bad); err == nil {
		t.Error("NewWriter accepted an invalid state, want an error")
	}
}

// TestEveryDamagedByte: after a change of any byte or any truncation, only events that were written are returned,
// and the error names the line.
func TestEveryDamagedByte(t *testing.T) {
	for _, c := range []Compression{None, Gzip, Zstd} {
		all := sampleLog(8)
		if c != None {
			all = all[:2] // compressed files take longer
		}
		file := writeFile(t, all, c)
		wantRefused := func(what string, bad []byte, want int) {
			t.Helper()
			got, err := read(bad, c)
			if err == nil && c != None && equalLogs(all, got) {
				return // the change is insignificant, such as gzip's time
			}
			var at *LineError
			if !errors.As(err, &at) || !errors.Is(err, ErrBadFile) || at.Line < 1 || at.Line > len(all)+2 {
				t.Errorf("%q, %s: read: %v, want %v with a line of the file", c, what, err, ErrBadFile)
				return
			}
			if want > 0 && at.Line != want && at.Line != len(all)+1 {
				t.Errorf("%q, %s: read: %v, want line %d or the head line", c, what, err, want)
			}
			if len(got) > len(all) || !equalLogs(got, all[:len(got)]) {
				t.Errorf("%q, %s: read %+v, want only events that were written", c, what, got)
			}
		}
		for i := range file {
			bad := bytes.Clone(file)
			bad[i] ^= 1 << (i % 8)
			line := 0
			if c == None {
				line = 1 + bytes.Count(file[:i], []byte("\n"))
			}
			wantRefused(fmt.Sprintf("byte %d changed", i), bad, line)
			if i%7 == 0 {
				wantRefused(fmt.Sprintf("truncated to %d bytes", i), file[:i], line)
			}
		}
		wantRefused("last byte removed", file[:len(file)-1], 0)
		wantRefused("repeated", append(bytes.Clone(file), file...), 0)
	}
}

// TestTamperedFiles: lines that are removed, swapped, duplicated or taken from another file are detected.
func TestTamperedFiles(t *testing.T) {
	all := sampleLog(2500)
	lines := bytes.SplitAfter(writeFile(t, all, None), []byte("\n"))
	other := bytes.SplitAfter(writeFile(t, sampleLog(2501), None), []byte("\n"))
	without := func(n int) [][]byte { return slices.Delete(slices.Clone(lines), n, n+1) }
	swap := func(a, b int) [][]byte {
		swapped := slices.Clone(lines)
		swapped[a], swapped[b] = swapped[b], swapped[a]
		return swapped
	}
	replace := func(n int, line []byte) [][]byte {
		replaced := slices.Clone(lines)
		replaced[n] = line
		return replaced
	}
	later := all[40]
	later.Created = later.Created.Add(100)
	laterLine := events.AppendCloudEvent(nil, &later)
	for name, test := range map[string]struct {
		lines [][]byte
		want  int
	}{
		"first line removed":            {without(0), 1},
		"event removed":                 {without(1500), 1501},
		"head line removed":             {without(1024), 1025},
		"last line removed":             {lines[:len(lines)-2], 2503},
		"all after one block removed":   {lines[:1025], 1026},
		"events swapped":                {swap(50, 51), 51},
		"head lines swapped":            {swap(1024, 2049), 1025},
		"event duplicated":              {slices.Insert(slices.Clone(lines), 7, lines[6]), 8},
		"event of a different log":      {replace(6, other[6]), 7},
		"different log after one block": {append(slices.Clone(lines[:1025]), other[1025:]...), 1026},
		// The hash chain does not cover the time, so the error names the head line of the block.
		"different time": {replace(40, append(laterLine, '\n')), 1025},
		"empty line":     {replace(5, []byte("\n")), 6},
		"trailing space": {replace(5, append(bytes.TrimSuffix(bytes.Clone(lines[5]), []byte("\n")), " \n"...)), 6},
		"empty file":     {nil, 1},
	} {
		_, err := read(bytes.Join(test.lines, nil), None)
		var at *LineError
		if !errors.As(err, &at) || at.Line != test.want {
			t.Errorf("%s: read: %v, want line %d", name, err, test.want)
		}
	}
}

// TestNotWritable: an event whose position does not follow the previous one is refused.
func TestNotWritable(t *testing.T) {
	e := sampleLog(1)[0]
	e.Position++
	w, err := NewWriter(io.Discard, None, State{Epoch: "e7"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(&e); !errors.Is(err, ErrNotWritable) {
		t.Errorf("Write of an event after a gap: %v, want %v", err, ErrNotWritable)
	}
}

func BenchmarkWrite(b *testing.B) {
	all := sampleLog(1000)
	for _, c := range []Compression{None, Gzip, Zstd} {
		b.Run("as="+string(c), func(b *testing.B) {
			for b.Loop() {
				w, err := NewWriter(io.Discard, c, State{Epoch: "e7"})
				if err != nil {
					b.Fatal(err)
				}
				for i := range all {
					if _, err := w.Write(&all[i]); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Finish(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	all := sampleLog(1000)
	for _, c := range []Compression{None, Gzip, Zstd} {
		file := writeFile(b, all, c)
		b.Run("as="+string(c), func(b *testing.B) {
			for b.Loop() {
				if _, err := read(file, c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// TestAnyByteIsRestored: an event with any byte in its data or metadata is restored.
func TestAnyByteIsRestored(t *testing.T) {
	good := sampleLog(1)[0]
	written := 0
	for name, part := range map[string]func(*events.Recorded) *[]byte{
		"data":     func(e *events.Recorded) *[]byte { return &e.Data },
		"metadata": func(e *events.Recorded) *[]byte { return &e.Metadata },
	} {
		for i := range *part(&good) {
			for b := range 256 {
				e := good
				*part(&e) = bytes.Clone(*part(&good))
				(*part(&e))[i] = byte(b)
				line := events.AppendCloudEvent(nil, &e)
				if got, err := events.ParseCloudEvent(line); err != nil || !equal(&got, &e) || bytes.ContainsRune(line, '\n') {
					t.Errorf("byte %d of the %s is %q: ParseCloudEvent = %+v, %v; want %+v", i, name, byte(b), got, err, e)
				}
				written++
			}
		}
	}
	if written < 1000 {
		t.Errorf("%d variants were tried, want at least 1000", written)
	}
}
