package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/events"
)

// smallBuffers prevents the kernel from buffering a whole list.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(32 << 10)
	}
	return conn, err
}

func buffered(w *harness) { w.listen = func(ln net.Listener) net.Listener { return smallBuffers{ln} } }

// slowReader requests a list and reads only the head of the response.
func slowReader(t *testing.T, w *harness, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", w.address)
	w.must(err)
	t.Cleanup(func() { conn.Close() })
	w.must(conn.(*net.TCPConn).SetReadBuffer(32 << 10))
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/csv\r\n\r\n", path, w.address)
	w.must(err)
	head := make([]byte, 12)
	_, err = io.ReadFull(conn, head)
	w.must(err)
	if string(head) != "HTTP/1.1 200" {
		rest := make([]byte, 2048)
		n, _ := conn.Read(rest)
		t.Fatalf("%s: got %s%s, want HTTP/1.1 200", path, head, rest[:n])
	}
	return conn
}

// manyBookings appends bookings to the log directly: booking them would take longer than the test.
func manyBookings(t *testing.T, w *harness, n int) {
	t.Helper()
	w.do("POST", "/v1/performances", `{"id":"big","title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z","sections":[
		{"id":"A","rows":200,"seats_per_row":500,"price":100}]}`).is(201)
	var written sync.WaitGroup
	appendBooking := func(i int) {
		fact := &events.BookingHeld{BookingID: events.BookingID(fmt.Sprintf("b%d", i)), PerformanceID: "big",
			Holder: events.Holder(fmt.Sprintf("holder %d", i)), Amount: 100, Attempt: 1,
			Seats:     []events.BookedSeat{{Seat: events.SeatName(fmt.Sprintf("A-%d-%d", i/500+1, i%500+1)), Price: 100}},
			ExpiresAt: time.Unix(4_000_000_000, 0).UTC(), ExtendableUntil: time.Unix(4_000_000_000, 0).UTC(),
			OrderData: events.OrderData{Reference: fmt.Sprintf("R-%06d %s", i, strings.Repeat("x", 100))}}
		w.append(events.NewStreamID(events.BookingCategory, string(fact.BookingID)), fact)
	}
	const writers = 128
	for first := range writers {
		written.Go(func() {
			for i := first; i < n; i += writers {
				appendBooking(i)
			}
		})
	}
	written.Wait()
	head, err := w.store.Head(t.Context())
	w.must(err)
	w.must(w.views.WaitFor(t.Context(), head))
}

// TestListsStream: a long list needs no more memory than a short one, four are sent at a time, and
// each is as of the position at which it began.
func TestListsStream(t *testing.T) {
	n := 5_000
	if given := os.Getenv("ADMITONE_LISTED"); given != "" {
		n, _ = strconv.Atoi(given)
	}
	w := newHarness(t, buffered)
	manyBookings(t, w, n)
	const path = "/v1/performances/big/bookings"
	var before, after runtime.MemStats
	slow := slowReader(t, w, path)
	for range maxExports - 1 {
		slowReader(t, w, path)
	}
	w.do("GET", path+"?format=csv", "").problem(429, "overloaded")
	runtime.GC()
	runtime.ReadMemStats(&before)
	w.append("booking-late", &events.BookingHeld{BookingID: "late", PerformanceID: "big", Holder: "late", Amount: 100,
		Seats: []events.BookedSeat{{Seat: "A-200-500", Price: 100}}, ExpiresAt: time.Unix(4_000_000_000, 0).UTC(),
		ExtendableUntil: time.Unix(4_000_000_000, 0).UTC(), Attempt: 1})
	list, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200"), slow)), nil)
	w.must(err)
	lines, seen, highest := 0, 0, 0
	for scanner := bufio.NewScanner(list.Body); ; lines++ {
		w.must(slow.SetReadDeadline(time.Now().Add(patience)))
		if !scanner.Scan() {
			w.must(scanner.Err())
			break
		}
		if seen += len(scanner.Bytes()); seen>>20 > highest {
			highest++
			runtime.GC()
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Fatalf("the heap grew by %d bytes after %d bytes of the list, want at most 8 MiB", grown, seen)
			}
		}
		if bytes.Contains(scanner.Bytes(), []byte("late")) {
			t.Fatalf("got the line %q, want no booking that was made after the list began", scanner.Bytes())
		}
	}
	if lines != n+1 {
		t.Errorf("got %d lines, want a header and %d", lines, n)
	}
	var a answer
	w.wait(func() bool { // until the list that has ended no longer counts
		a = w.do("GET", path, "", "Accept", "text/csv")
		return a.status != 429
	})
	if got := a.table(); len(got) != n+1 || columnsOf(a)[0] != "id" {
		t.Errorf("got %d lines, want %d, with the column id first", len(got), n+1)
	}
}

// TestFailedListIsIncomplete: if a list can't be sent to its end, its response has no final chunk.
func TestFailedListIsIncomplete(t *testing.T) {
	w := newHarness(t, buffered)
	manyBookings(t, w, 5_000)
	conn := slowReader(t, w, "/v1/performances/big/bookings")
	w.views.Close() // the list's source
	var all []byte
	buf := make([]byte, 64<<10)
	for {
		w.must(conn.SetReadDeadline(time.Now().Add(patience)))
		got, err := conn.Read(buf)
		all = append(all, buf[:got]...)
		if err != nil {
			break
		}
	}
	if bytes.HasSuffix(all, []byte("0\r\n\r\n")) || !bytes.Contains(all, []byte(`"position"`)) {
		t.Errorf("got %d bytes, which end in %q; want the header line and no final chunk", len(all), all[max(0, len(all)-20):])
	}
	if !strings.Contains(w.log.String(), "an export failed and is incomplete") {
		t.Errorf("got the log\n%s\nwant an incomplete export in it", w.log.String())
	}
}

// TestStalledListEnds: a client that reads nothing loses its place to others.
func TestStalledListEnds(t *testing.T) {
	w := newHarness(t, buffered, func(w *harness) { w.config.StallAfter = 100 * time.Millisecond })
	manyBookings(t, w, 2_000)
	for range maxExports {
		slowReader(t, w, "/v1/performances/big/bookings")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if a := w.do("HEAD", "/v1/performances/big/bookings", "", "Accept", "text/csv"); a.status == 200 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("after %v a list is answered with %d, want 200", patience, a.status)
		}
	}
}
