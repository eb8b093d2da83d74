package admission

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors"
	"admitone/events"
)

// runSale runs a sale of 90 s in which everybody polls when due. After 40 s it replaces the node by the
// result of restart. It returns the facts of the log as text.
func runSale(t *testing.T, settings events.WaitingRoomSettings, restart func(*node) *node) (texts []string) {
	log := newMemory()
	n := start(t, log, &clock{}, nil)
	n.set(settings)
	var visits []Visit
	next := map[int64]time.Time{}
	join := func(count int) {
		for range count {
			v := n.join(events.Holder(fmt.Sprint("holder-", len(visits))))
			visits = append(visits, v)
			next[v.Ticket] = n.clock.now().Add(v.PollAfter)
		}
	}
	join(300)
	for second := range 90 {
		if second == 40 {
			n = restart(n)
		}
		n.elapse(s)
		join(3)
		for i, v := range visits {
			if second%7 == i%53 {
				if _, _, err := n.rooms.Leave(ctx, "sale", v.Visitor, by("holder")); err != nil {
					t.Fatal(err)
				}
			} else if !n.clock.now().Before(next[v.Ticket]) {
				next[v.Ticket] = n.clock.now().Add(n.poll(v.Visitor).PollAfter)
			}
		}
	}
	n.stop()
	for _, entry := range readLog(t, log) {
		texts = append(texts, entry.at.Sub(day).String()+" "+entry.fact.Name()+" "+string(events.AppendFact(nil, entry.fact)))
	}
	return texts
}

// TestRestartsDoNotChangeAdmissions checks that the log has the same facts at the same times, whether
// the program kept running, was restarted, or crashed.
func TestRestartsDoNotChangeAdmissions(t *testing.T) {
	again := func(n *node) *node {
		fresh := start(t, n.store, n.clock, nil)
		if err := fresh.rooms.Resume(ctx, "sale"); err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	settings := sale
	settings.AdmitPerSecond, settings.MaxActive, settings.ActiveSeconds = 7, 60, 13
	shuffled := settings
	shuffled.Order, shuffled.OpensAt = events.RoomShuffle, at(20*s+ms)
	for name, settings := range map[string]events.WaitingRoomSettings{"fifo": settings, "shuffle": shuffled} {
		t.Run(name, func(t *testing.T) {
			want := runSale(t, settings, func(n *node) *node { return n })
			if len(want) < 1000 {
				t.Fatalf("facts = %d, want at least 1000", len(want))
			}
			for about, restart := range map[string]func(*node) *node{
				"restarted": func(n *node) *node { n.stop(); return again(n) },
				"crashed":   func(n *node) *node { t.Cleanup(n.stop); return again(n) },
			} {
				got := runSale(t, settings, restart)
				for i := range max(len(got), len(want)) {
					if i >= len(got) || i >= len(want) || got[i] != want[i] {
						t.Fatalf(
							"%s: fact %d differs, of %d and %d:\n%q\nwant\n%q",
							about,
							i,
							len(got),
							len(want),
							got[i:min(i+1, len(got))],
							want[i:min(i+1, len(want))],
						)
					}
				}
			}
		})
	}
}

// TestTimeoutsAfterRestart checks that all timeouts start again after a restart.
func TestTimeoutsAfterRestart(t *testing.T) {
	log := newMemory()
	n := start(t, log, &clock{}, nil)
	paused := sale
	paused.AdmitPerSecond = 0
	n.set(paused)
	ann, bob := n.join("ann"), n.join("bob")
	n.elapse(18 * s)
	n.poll(bob.Visitor)
	n.stop()
	n = start(t, log, n.clock, nil)
	defer n.stop()
	n.clock.move(time.Hour)
	if err := n.rooms.Resume(ctx, "sale"); err != nil {
		t.Fatal(err)
	}
	n.elapse(20 * s)
	if line, err := n.rooms.Line(ctx, "sale"); err != nil || line.Waiting != 2 {
		t.Fatalf("two heartbeat intervals after the restart: Waiting = %d, %v; want 2", line.Waiting, err)
	}
	if got := n.poll(ann.Visitor); got.Status != events.VisitorWaiting || got.Number != 1 || got.TooSoon {
		t.Errorf("a visitor without a poll before the restart: %+v, want waiting as number 1", got)
	}
	n.elapse(2 * s)
	if got := n.poll(bob.Visitor); got.Status != events.VisitorExpired {
		t.Errorf("without a poll after the restart: %+v, want Status %v", got, events.VisitorExpired)
	}
}

// startRunning starts a node that makes its rounds by itself, with the clock of the synctest bubble.
func startRunning(t *testing.T) *node {
	return start(t, newMemory(), nil, nil)
}

// TestRounds checks that a room runs by itself, publishes at least every 50 ms, rests when empty, and
// wakes up.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := startRunning(t)
		defer n.stop()
		n.set(sale)
		line := func() *Published {
			t.Helper()
			line, err := n.rooms.Line(ctx, "sale")
			if err != nil {
				t.Fatal(err)
			}
			return line
		}
		for range 10 { // the room rests, and wakes up immediately
			synctest.Wait()
			rested := line().At
			time.Sleep(time.Hour)
			if got := line(); !got.At.Equal(rested) {
				t.Fatalf("an empty room made a round at %v, want none after %v", got.At, rested)
			}
			v := n.join("ann")
			synctest.Wait()
			if got := n.poll(v.Visitor); got.Status != events.VisitorAdmitted {
				t.Fatalf("joining an empty room: %+v, want Status %v", got, events.VisitorAdmitted)
			}
			if _, _, err := n.rooms.Leave(ctx, "sale", v.Visitor, by("ann")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		faster := sale
		faster.AdmitPerSecond++
		n.set(faster) // takes effect although the room rests
		synctest.Wait()
		if got := line(); got.Settings.AdmitPerSecond != faster.AdmitPerSecond {
			t.Fatalf("settings of the line = %+v, want AdmitPerSecond %d", got.Settings, faster.AdmitPerSecond)
		}
		var visitors []Visit
		for i := range 8 {
			visitors = append(visitors, n.join(events.Holder(fmt.Sprint("h", i))))
		}
		began := time.Now()
		for range 400 {
			time.Sleep(10 * ms)
			if age := time.Since(line().At); age > 50*ms {
				t.Fatalf("the line is %v old, want at most 50ms", age)
			}
		}
		if got := line(); got.Active != 3 || got.Waiting != 5 {
			t.Fatalf("%d active and %d waiting, want 3, 5", got.Active, got.Waiting)
		}
		// Now nobody polls: the visitors are dropped, the passes expire, and the room rests.
		time.Sleep(time.Duration(2*sale.HeartbeatSeconds)*s + 2*s - time.Since(began))
		if got := line(); got.Waiting != 0 || got.Active != 3 {
			t.Errorf("after two heartbeats %d waiting and %d active, want 0, 3", got.Waiting, got.Active)
		}
		time.Sleep(time.Duration(sale.ActiveSeconds) * s)
		if got := line(); got.Active != 0 {
			t.Errorf("after active_seconds %d passes are active, want 0", got.Active)
		}
		if got := n.poll(visitors[7].Visitor); got.Status != events.VisitorExpired {
			t.Errorf("the last of the line: %+v, want Status %v", got, events.VisitorExpired)
		}
	})
}

// TestPause checks that the pause ends when the rate admits the next visitor, but is at most Every and
// at least a quarter of it.
func TestPause(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		n.join(events.Holder(fmt.Sprint("h", i)))
	}
	n.step() // admits two
	for _, test := range []struct{ at, want time.Duration }{
		{0, 50 * ms}, {40 * ms, 50 * ms}, {70 * ms, 30 * ms}, {87 * ms, 13 * ms}, {99 * ms, 12500 * time.Microsecond},
		{100 * ms, 50 * ms}, {980 * ms, 20 * ms}, {time.Minute, 50 * ms},
	} {
		n.clock.nanos.Store(int64(test.at))
		if got := rm.pause(); got != test.want {
			t.Errorf("%v after the admission: pause = %v, want %v", test.at, got, test.want)
		}
	}
}

// TestRoundsByTheRate checks that rounds start when the rate admits the next visitor, so that the rate
// is reached even if it does not fit Every.
func TestRoundsByTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, newMemory(), nil, func(_ *actors.Config, c *Config) { c.Every = 70 * ms })
		defer n.stop()
		settings := sale
		settings.AdmitPerSecond, settings.MaxActive, settings.HeartbeatSeconds = 90, 10_000, 3600
		n.set(settings)
		for i := range 1000 {
			n.join(events.Holder(fmt.Sprint("h", i)))
		}
		time.Sleep(10*s - ms)
		line, err := n.rooms.Line(ctx, "sale")
		if err != nil || line.Admitted < 890 || line.Admitted > 900 {
			t.Errorf("%d were admitted in 10 s at 90 a second, %v; want 890 to 900", line.Admitted, err)
		}
	})
}

// TestClosing checks that Close ends every round, including one that waits for the log, and that a
// second Close is a no-op.
func TestClosing(t *testing.T) {
	requireNoLeaks(t)
	log := newMemory()
	n := start(t, log, nil, func(desk *actors.Config, _ *Config) { desk.Logger = quiet })
	n.set(sale)
	v := n.join("ann")
	log.down.Store(true)
	n.rooms.Close()
	n.rooms.Close()
	log.down.Store(false)
	if _, err := n.rooms.Poll(ctx, "sale", v.Visitor); err != nil {
		t.Errorf("polling after Close: %v, want an answer", err)
	}
	if _, err := n.rooms.Line(ctx, "other"); !errors.Is(err, actors.ErrStopping) {
		t.Errorf("the line of a room that was not started before Close: %v, want %v", err, actors.ErrStopping)
	}
	n.stop()
}

// TestFinishedPassAfterRestart checks that a used pass is refused after a restart, although the room,
// which has no visitors, was not resumed.
func TestFinishedPassAfterRestart(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	n.step()
	shown := n.poll(ann.Visitor).Pass
	if err := n.finish(ann.Ticket); err != nil {
		t.Fatal(err)
	}
	fresh := start(t, n.store, n.clock, nil)
	t.Cleanup(fresh.stop)
	if _, err := fresh.rooms.Check("sale", "ann", shown, time.Time{}); code(err) != "pass_invalid" {
		t.Errorf("after a restart: %v, want pass_invalid", err)
	}
}

// TestIDsOfLostLog checks that ids and passes from the lost part of a log, after a backup was restored,
// are refused, whether or not this log has given the ticket to another holder.
func TestIDsOfLostLog(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	n.join("bob")
	n.step()
	good := n.poll(ann.Visitor)
	for _, lost := range []struct {
		about  string
		ticket int64
	}{
		{"the ticket of an admitted visitor", 1},
		{"the ticket of a waiting visitor", 2},
		{"a ticket that nobody has yet", 3},
	} {
		v := visitorOf(lost.ticket, "eve")
		for range 2 {
			if _, err := n.rooms.Poll(ctx, "sale", ring.VisitorID("sale", v)); code(err) != "not_found" {
				t.Errorf("%s: poll: %v, want not_found", lost.about, err)
			}
		}
		if _, _, err := n.rooms.Leave(ctx, "sale", ring.VisitorID("sale", v), by("eve")); code(err) != "not_found" {
			t.Errorf("%s: leaving: %v, want not_found", lost.about, err)
		}
		if _, err := n.rooms.Check("sale", "eve", ring.Pass("sale", v, good.ExpiresAt), time.Time{}); code(err) != "pass_invalid" {
			t.Errorf("%s: checking the pass: %v, want pass_invalid", lost.about, err)
		}
	}
	if now := n.poll(ann.Visitor); now != good {
		t.Errorf("ann's visit = %+v, want %+v as before", now, good)
	}
	if ticket, err := n.rooms.Check("sale", "ann", good.Pass, time.Time{}); err != nil || ticket != 1 {
		t.Errorf("ann's pass: ticket %d, %v, want 1", ticket, err)
	}
}
