package load

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"admitone/actors"
	"admitone/actors/waitingroom"
	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

const (
	maxVisitors     = 100_000
	maxPass         = 60 // bound of the flags with seconds
	waitingRoomPoll = 200 * time.Millisecond
	// waitingRoomOverstay is the tolerated delay of a slow server or client.
	waitingRoomOverstay = 30 * time.Second
)

// waitingRoomScenario is a load in which a crowd joins a waiting room at the same time. Most visitors
// poll as instructed, some poll too often, some stop until they have lost their place, and some
// leave. Of the admitted visitors, most buy the product that the room guards, some finish their
// visit, and some let the pass expire.
type waitingRoomScenario struct {
	visitors int
	settings events.WaitingRoomSettings

	// drawAfter is the time until the room opens and draws the order of the visitors; 0 means that
	// the room is open, with the order of arrival.
	drawAfter time.Duration

	room         events.RoomID
	body         string // the room's settings as sent, without the closing brace
	seedHash     string // the hash of the room's seed in the server's answer
	people       []*queuingVisitor
	mu           sync.Mutex
	acknowledged []*stay       // guarded by mu
	unknown      int64         // joins without an answer; guarded by mu
	unreadable   int64         // answers without a place; guarded by mu
	joined       time.Duration // until all had joined
	stranded     int           // visitors who had not finished within longest
	sale         sale
}

func (w *waitingRoomScenario) Flags(f *pflag.FlagSet) {
	f.IntVar(&w.visitors, "visitors", 2000, "waiting-room: number of visitors who join at the same time")
	f.Int64Var(&w.settings.AdmitPerSecond, "admit-per-second", 200, "waiting-room: maximum admissions per second")
	f.Int64Var(&w.settings.MaxActive, "max-active", 300, "waiting-room: maximum number of active visitors")
	f.Int64Var(&w.settings.ActiveSeconds, "active-seconds", 5, "waiting-room: lifetime of a pass")
	f.DurationVar(&w.drawAfter, "draw-after", 0,
		"waiting-room: time until the opening, which draws the order of the visitors; 0 is open, in order of arrival")
	f.Int64Var(&w.settings.HeartbeatSeconds, "heartbeat-seconds", 2,
		"waiting-room: the longest time between two heartbeats")
}

func (w *waitingRoomScenario) Check(func(flag string) bool) error {
	s := &w.settings
	longest := int64(maxDuration.Seconds())
	switch {
	case w.visitors < 1 || w.visitors > maxVisitors:
		return usage.Errorf("--visitors is from 1 to %d", maxVisitors)
	case s.AdmitPerSecond < 1 || s.AdmitPerSecond > waitingroom.MaxAdmitPerSecond:
		return usage.Errorf("--admit-per-second is from 1 to %d", waitingroom.MaxAdmitPerSecond)
	case s.MaxActive < 1 || s.MaxActive > waitingroom.MaxActive:
		return usage.Errorf("--max-active is from 1 to %d", waitingroom.MaxActive)
	case s.ActiveSeconds < 1 || s.ActiveSeconds > maxPass || s.HeartbeatSeconds < 1 || s.HeartbeatSeconds > maxPass:
		return usage.Errorf("--active-seconds and --heartbeat-seconds are from 1 to %d: the run waits for the end of "+
			"passes and of lost places", maxPass)
	case w.drawAfter < 0 || w.drawAfter > maxPass*time.Second:
		return usage.Errorf("--draw-after is up to %ds: the run waits for it", maxPass)
	case int64(w.visitors)/s.AdmitPerSecond > longest || int64(w.visitors)*s.ActiveSeconds/s.MaxActive > longest:
		return usage.Errorf("admitting %d visitors may take longer than %v", w.visitors, maxDuration)
	}
	return nil
}

func (w *waitingRoomScenario) path() string { return "/v1/waiting-rooms/" + string(w.room) }

// heartbeat returns the longest pause between two polls.
func (w *waitingRoomScenario) heartbeat() time.Duration {
	return time.Duration(w.settings.HeartbeatSeconds) * time.Second
}

// holder returns the holder of visitor n, from 0. One in eight joins twice under one name.
func (w *waitingRoomScenario) holder(n int) events.Holder {
	if n%8 == 3 {
		n--
	}
	return events.Holder(string(w.room) + "-" + strconv.Itoa(n))
}

func (w *waitingRoomScenario) prepare(ctx context.Context, server *remote.Log, _ *crowd, _ *progress.Bar) error {
	w.room = events.RoomID("load-" + actors.NewID().String())
	s := &w.settings
	w.body = fmt.Sprintf(`{"admit_per_second":%d,"max_active":%d,"active_seconds":%d,"heartbeat_seconds":%d`,
		s.AdmitPerSecond, s.MaxActive, s.ActiveSeconds, s.HeartbeatSeconds)
	if w.drawAfter > 0 {
		w.body += fmt.Sprintf(`,"order":"shuffle","opens_at":%q`, time.Now().Add(w.drawAfter).UTC().Format(time.RFC3339Nano))
	}
	var created struct {
		ID       string
		SeedHash string `json:"seed_hash"`
	}
	if err := server.CallWithRetry(ctx, http.MethodPut, w.path(), w.body+"}", &created); err != nil {
		return err
	}
	w.seedHash = created.SeedHash
	body := fmt.Sprintf(`{"id":%q,"name":"Load: behind a waiting room","stock":%d,"waiting_room":%[1]q}`, w.room,
		w.visitors)
	return server.CallWithRetry(ctx, http.MethodPost, "/v1/products", body, &created)
}

func (w *waitingRoomScenario) act(ctx context.Context, c *crowd, bar *progress.Bar) {
	for n := range w.visitors {
		w.people = append(w.people, newQueuingVisitor(n, w.holder(n)))
	}
	start := time.Now()
	c.share(ctx, bar, "joining", len(w.people), func(m *member, n int) { w.join(m, w.people[n]) })
	w.joined = time.Since(start)
	waiting, cancel := context.WithTimeout(ctx, w.longest())
	defer cancel()
	c.each(bar, "waiting", func(m *member) {
		var mine []*queuingVisitor
		for n := m.number; n < len(w.people); n += len(c.members) {
			mine = append(mine, w.people[n])
		}
		w.attend(waiting, m, mine)
	})
	for _, q := range w.people {
		if !q.done && waiting.Err() != nil {
			w.stranded++
		}
	}
	w.drain(ctx, c, bar)
}

// longest returns the time within which a correct server has admitted all visitors, some of whom join
// a second time.
func (w *waitingRoomScenario) longest() time.Duration {
	s := &w.settings
	twice := 2 * int64(w.visitors)
	return time.Duration(twice/s.AdmitPerSecond+twice*s.ActiveSeconds/s.MaxActive+s.ActiveSeconds)*time.Second +
		6*w.heartbeat() + waitingRoomOverstay + w.drawAfter
}

// attend runs the actions of visitors at their scheduled times, until all have finished.
func (w *waitingRoomScenario) attend(ctx context.Context, m *member, people []*queuingVisitor) {
	for m.active(ctx) {
		var first *queuingVisitor
		for _, q := range people {
			if !q.done && (first == nil || q.next.Before(first.next)) {
				first = q
			}
		}
		if first == nil {
			return
		}
		due := time.NewTimer(time.Until(first.next))
		select {
		case <-due.C:
		case <-ctx.Done():
			due.Stop()
			return
		}
		w.turn(m, first)
	}
}

// drain waits until no visitor waits or has a pass, but at most for the time in which a correct server ends all.
func (w *waitingRoomScenario) drain(ctx context.Context, c *crowd, bar *progress.Bar) {
	m := c.members[0]
	until := time.Now().Add(2*w.heartbeat() + time.Duration(w.settings.ActiveSeconds)*time.Second + waitingRoomOverstay)
	for ctx.Err() == nil && time.Now().Before(until) {
		var now struct{ Waiting, Active int64 }
		if m.get(w.path(), &now) && now.Waiting == 0 && now.Active == 0 {
			return
		}
		c.pause(ctx, bar, fmt.Sprintf("%d still wait, %d have a pass", now.Waiting, now.Active), waitingRoomPoll)
	}
}

func (w *waitingRoomScenario) tidy(ctx context.Context, server *remote.Log, _ *crowd,
	_ *progress.Bar) (remaining string, err error) {
	closed := func() string { return w.body + `,"status":"closed"}` }
	if err := server.Edit(ctx, http.MethodPut, w.path(), &struct{}{}, closed); err != nil {
		return "", err
	}
	return fmt.Sprintf("waiting room %s remains, closed, and product %[1]s, with nothing left to sell", w.room),
		sellOut(ctx, server, events.ProductID(w.room))
}

func (w *waitingRoomScenario) outcome() (about string, acknowledged int64) {
	for _, s := range w.acknowledged {
		if s.created {
			acknowledged++
		}
	}
	return fmt.Sprintf("waiting room %s, %d visitors", w.room, w.visitors), acknowledged
}
