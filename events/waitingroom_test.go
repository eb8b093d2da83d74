package events

import (
	"encoding/hex"
	"math"
	"slices"
	"testing"
)

func TestAddTicket(t *testing.T) {
	var ranges []TicketRange
	for _, ticket := range []int64{3, 4, 5, 7, 8, 2, 1} {
		ranges = AddTicket(ranges, ticket)
	}
	want := []TicketRange{{3, 5}, {7, 8}, {2, 2}, {1, 1}}
	if !slices.Equal(ranges, want) {
		t.Errorf("AddTicket: ranges %v, want %v", ranges, want)
	}
	if got := slices.Collect(Tickets(ranges)); !slices.Equal(got, []int64{3, 4, 5, 7, 8, 2, 1}) {
		t.Errorf("Tickets = %v, want %v", got, []int64{3, 4, 5, 7, 8, 2, 1})
	}
}

// TestShuffledTickets compares the order with the output of an independent implementation of the documented
// algorithm, in Python.
func TestShuffledTickets(t *testing.T) {
	seed, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		t.Fatal(err)
	}
	for early, want := range map[int][]uint32{
		0: {}, 1: {1}, 2: {1, 2}, 11: {9, 2, 8, 7, 11, 5, 6, 1, 3, 4, 10},
	} {
		if got := ShuffledTickets(seed, early); !slices.Equal(got, want) {
			t.Errorf("ShuffledTickets of %d = %v, want %v", early, got, want)
		}
	}
}

// TestShuffleIsFair: every ticket gets every place about equally often. The test is deterministic, because the
// seeds are fixed.
func TestShuffleIsFair(t *testing.T) {
	const tickets, rounds = 7, 7000
	var times [tickets][tickets]int
	for round := range rounds {
		order := ShuffledTickets([]byte{byte(round >> 8), byte(round)}, tickets)
		for place, ticket := range order {
			times[ticket-1][place]++
		}
	}
	const expected = rounds / tickets
	chi := 0.0
	for _, places := range times {
		for _, n := range places {
			chi += float64((n-expected)*(n-expected)) / expected
		}
	}
	// With 36 degrees of freedom, chi square exceeds 68 once in a thousand cases.
	if chi > 68 || math.IsNaN(chi) {
		t.Errorf("chi square = %.1f, want at most 68; counts %v", chi, times)
	}
}

// TestRoomSettingsOmitUnset: a room without an opening time and a seed omits these members.
func TestRoomSettingsOmitUnset(t *testing.T) {
	fact := &WaitingRoomOpened{RoomID: "r", WaitingRoomSettings: WaitingRoomSettings{Status: RoomOpen,
		Order: RoomFIFO, Version: 1}}
	const want = `{"room_id":"r","admit_per_second":0,"max_active":0,"active_seconds":0,` +
		`"heartbeat_seconds":0,"status":"open","order":"fifo","version":1}`
	if got := string(AppendFact(nil, fact)); got != want {
		t.Errorf("encoded as\n%s\nwant\n%s", got, want)
	}
	back, err := Decode(fact.Name(), []byte(want))
	if err != nil || *back.(*WaitingRoomOpened) != *fact {
		t.Errorf("Decode = %+v, %v; want %+v", back, err, fact)
	}
}

// BenchmarkShuffledTickets measures the shuffle of a room with a million visitors.
func BenchmarkShuffledTickets(b *testing.B) {
	for b.Loop() {
		ShuffledTickets([]byte("seed"), 1_000_000)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/op")
}
