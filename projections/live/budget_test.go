package live

import (
	"testing"
	"time"
)

// TestBudgetKeepsItsShare: while other goroutines wait for a processor, turns take exactly their share
// of the time.
func TestBudgetKeepsItsShare(t *testing.T) {
	for _, processors := range []int{1, 2, 4, 16} {
		b := newBudget(processors)
		start := time.Unix(1000, 0)
		now, busy := start, time.Duration(0)
		const cost = 5 * time.Millisecond
		for range 1000 {
			busy += cost
			now = now.Add(cost)
			next := b.spend(now, turnSize, cost, cost)
			if next.Before(now) || next != b.freeAt() {
				t.Fatalf("spend at %v = %v, freeAt() = %v; want equal times, not before it", now, next, b.freeAt())
			}
			now = next
		}
		share := busy.Seconds() / now.Sub(start).Seconds()
		if want := min(1, frameShare*float64(processors)); share < want-0.01 || share > want+0.01 {
			t.Errorf("%d processors: turns take %.3f of the time, want %.3f", processors, share, want)
		}
	}
}

// TestBudgetIsShared: the pauses for turns of all topics with one budget add up.
func TestBudgetIsShared(t *testing.T) {
	b := newBudget(2)
	now := time.Unix(1000, 0)
	const cost = 5 * time.Millisecond
	one := b.spend(now, turnSize, cost, cost).Sub(now)
	if two := b.spend(now, turnSize, cost, cost).Sub(now); one == 0 || two != 2*one {
		t.Errorf("the pause is %v after one turn and %v after two, want twice as long", one, two)
	}
}

// TestBudgetOfIdleProcessors: there is no pause unless other goroutines wait, or waited shortly before.
func TestBudgetOfIdleProcessors(t *testing.T) {
	b := newBudget(2)
	now := time.Unix(1000, 0)
	const cost = 5 * time.Millisecond
	if next := b.spend(now, turnSize, cost, cost/10); next != now {
		t.Errorf("the pause after a turn without contention is %v, want none", next.Sub(now))
	}
	if next := b.spend(now, turnSize, cost, cost); next == now {
		t.Error("no pause after a turn with contention, want one")
	}
	if next := b.spend(now, turnSize, cost, 0); next == now {
		t.Error("no pause after a turn soon after contention, want one")
	}
	now = now.Add(contention)
	if next := b.spend(now, turnSize, cost, 0); next != now {
		t.Errorf("the pause after a turn long after contention is %v, want none", next.Sub(now))
	}
}

// TestBudgetAfterAnInterruption: a long interruption of a turn by the system causes no long pause.
func TestBudgetAfterAnInterruption(t *testing.T) {
	b := newBudget(2)
	now := time.Unix(1000, 0)
	const cost = 5 * time.Millisecond
	usual := b.spend(now, turnSize, cost, cost).Sub(now)
	now = now.Add(time.Minute)
	if after := b.spend(now, turnSize, time.Second, cost).Sub(now); after > 2*usual {
		t.Errorf("the pause is %v after a turn and %v after an interrupted one, want at most twice as long", usual, after)
	}
	for range 1000 { // a lasting change of the cost is adopted
		now = now.Add(time.Minute)
		usual = b.spend(now, turnSize, 8*cost, 8*cost).Sub(now)
	}
	if want := time.Duration(float64(8*cost) * b.pause); usual < want*9/10 {
		t.Errorf("the pause after turns that cost %v is %v, want %v", 8*cost, usual, want)
	}
}
