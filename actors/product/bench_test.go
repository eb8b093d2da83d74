package product

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// crowdedProduct is a product with a million open reservations, half of them held.
func crowdedProduct(b *testing.B) *Product {
	b.Helper()
	p := New().(*Product)
	p.Evolve(&events.ProductCreated{ProductID: "p", DisplayName: "Lamp", Stock: MaxStock, HoldSeconds: 60})
	for n := range 1_000_000 {
		cmd := &Reserve{Holder: events.Holder(fmt.Sprintf("holder-%07d", n%300_000)), Quantity: 1, Hold: n%2 == 0}
		cmd.ReservationID = events.EventID("bench", n&0xffff)
		cmd.ReservationID[0], cmd.ReservationID[1], cmd.ReservationID[2] = byte(n>>16), byte(n>>8), byte(n)
		facts, err := p.Decide(cmd, day.Add(time.Duration(n)*time.Microsecond))
		if err != nil {
			b.Fatal(err)
		}
		p.Evolve(facts[0])
	}
	return p
}

// BenchmarkRestore reads a snapshot of a million reservations.
func BenchmarkRestore(b *testing.B) {
	var saved bytes.Buffer
	if err := crowdedProduct(b).Freeze()(&saved); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := New().Restore(bytes.NewReader(saved.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFreeze writes a snapshot of a million reservations.
func BenchmarkFreeze(b *testing.B) {
	p := crowdedProduct(b)
	for b.Loop() {
		if err := p.Freeze()(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHoldAndConfirm holds, confirms and releases a reservation among a million others.
func BenchmarkHoldAndConfirm(b *testing.B) {
	p := crowdedProduct(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		id := events.EventID("hold", n)
		id[4], id[5], id[7], id[8] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
		for _, cmd := range []core.Command{
			&Reserve{ReservationID: id, Holder: "ann", Quantity: 1, Hold: true},
			&Confirm{ReservationID: id},
			&Release{ReservationID: id},
		} {
			facts, err := p.Decide(cmd, day)
			if err != nil {
				b.Fatal(err)
			}
			p.Evolve(facts[0])
		}
	}
}
