package live

import (
	"testing"
	"time"
)

// TestBudgetKeepsItsShare: while others wait for a processor, turns take no more than their share
// of the time.
func TestBudgetKeepsItsShare(t *testing.T) {
	for _, processors := range []int{1, 2, 4, 16} {
		b := newBudget(processors)
		begun := time.Unix(1000, 0)
		now, busy := begun, time.Duration(0)
		const cost = 5 * time.Millisecond
		for range 1000 {
			busy += cost
			now = now.Add(cost)
			next := b.spend(now, turnSize, cost, cost)
			if next.Before(now) || next != b.earnedBack() {
				t.Fatalf("a turn that ended at %v is earned back at %v", now, next)
			}
			now = next
		}
		share := busy.Seconds() / now.Sub(begun).Seconds()
		if want := min(1, frameShare*float64(processors)); share < want-0.01 || share > want+0.01 {
			t.Errorf("%d processors: %.3f of the time of one, want %.3f", processors, share, want)
		}
	}
}

// TestBudgetIsShared: topics that use one budget share it.
func TestBudgetIsShared(t *testing.T) {
	b := newBudget(2)
	now := time.Unix(1000, 0)
	const cost = 5 * time.Millisecond
	one := b.spend(now, turnSize, cost, cost).Sub(now)
	if two := b.spend(now, turnSize, cost, cost).Sub(now); one == 0 || two != 2*one {
		t.Errorf("one turn is earned back after %v, two after %v", one, two)
	}
}

// TestBudgetOfIdleProcessors: a turn without others waiting is free, also soon after others waited.
func TestBudgetOfIdleProcessors(t *testing.T) {
	b := newBudget(2)
	now := time.Unix(1000, 0)
	const cost = 5 * time.Millisecond
	if next := b.spend(now, turnSize, cost, cost/10); next != now {
		t.Errorf("a turn that waited for nothing is earned back after %v", next.Sub(now))
	}
	if next := b.spend(now, turnSize, cost, cost); next == now {
		t.Error("a turn that waited is free")
	}
	if next := b.spend(now, turnSize, cost, 0); next == now {
		t.Error("a turn is free soon after another waited")
	}
	now = now.Add(contention)
	if next := b.spend(now, turnSize, cost, 0); next != now {
		t.Errorf("long after others waited, a turn is earned back after %v", next.Sub(now))
	}
}

// TestBudgetAfterAnInterruption: a turn that the system interrupts for long does not stop the
// topics.
func TestBudgetAfterAnInterruption(t *testing.T) {
	b := newBudget(2)
	now := time.Unix(1000, 0)
	const cost = 5 * time.Millisecond
	usual := b.spend(now, turnSize, cost, cost).Sub(now)
	now = now.Add(time.Minute)
	if after := b.spend(now, turnSize, time.Second, cost).Sub(now); after > 2*usual {
		t.Errorf("a turn is earned back after %v, a long one after %v", usual, after)
	}
	for range 1000 { // a cost that stays is believed
		now = now.Add(time.Minute)
		usual = b.spend(now, turnSize, 8*cost, 8*cost).Sub(now)
	}
	if want := time.Duration(float64(8*cost) * b.pause); usual < want*9/10 {
		t.Errorf("turns that cost %v are earned back after %v, want %v", 8*cost, usual, want)
	}
}
