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

// Bounds of the flags.
const (
	maxVisitors         = 100_000
	maxPass             = 60 // seconds
	waitingRoomPoll     = 200 * time.Millisecond
	waitingRoomOverstay = 30 * time.Second
)

// waitingRoomScenario is a load in which a crowd joins a waiting room at once. Most visitors poll
// as instructed, some poll too often, some stop until they have lost their place, and some leave.
// Of the admitted ones most buy the product guarded by the room, some finish their visit, and some
// let the pass expire.
type waitingRoomScenario struct {
	visitors int
	settings events.WaitingRoomSettings

	// drawAfter is the time until the room opens and draws the order of the visitors; 0 means that
	// the room is open, with the order of arrival.
	drawAfter time.Duration

	room         events.RoomID
	body         string // the room's settings as sent, without the closing brace
	promised     string // the hash of its seed in the server's answer
	people       []*queuingVisitor
	mu           sync.Mutex
	acknowledged []*stay // guarded by mu
	unknown      int64   // joins without an answer; guarded by mu
	unreadable   int64   // answers without a place; guarded by mu
	joined       time.Duration
	stranded     int // visitors who had not finished within longest
	sale         sale
}

func (l *waitingRoomScenario) Flags(f *pflag.FlagSet) {
	f.IntVar(&l.visitors, "visitors", 2000, "waiting-room: number of visitors who join at once")
	f.Int64Var(&l.settings.AdmitPerSecond, "admit-per-second", 200, "waiting-room: maximum admissions per second")
	f.Int64Var(&l.settings.MaxActive, "max-active", 300, "waiting-room: maximum number of active visitors")
	f.Int64Var(&l.settings.ActiveSeconds, "active-seconds", 5, "waiting-room: lifetime of a pass")
	f.DurationVar(&l.drawAfter, "draw-after", 0,
		"waiting-room: time until the opening, which draws the order of the visitors; 0 is open, in order of arrival")
	f.Int64Var(&l.settings.HeartbeatSeconds, "heartbeat-seconds", 2,
		"waiting-room: the longest time between two heartbeats")
}

func (l *waitingRoomScenario) Check(func(flag string) bool) error {
	s := &l.settings
	longest := int64(maxDuration.Seconds())
	switch {
	case l.visitors < 1 || l.visitors > maxVisitors:
		return usage.Errorf("--visitors is from 1 to %d", maxVisitors)
	case s.AdmitPerSecond < 1 || s.AdmitPerSecond > waitingroom.MaxAdmitPerSecond:
		return usage.Errorf("--admit-per-second is from 1 to %d", waitingroom.MaxAdmitPerSecond)
	case s.MaxActive < 1 || s.MaxActive > waitingroom.MaxActive:
		return usage.Errorf("--max-active is from 1 to %d", waitingroom.MaxActive)
	case s.ActiveSeconds < 1 || s.ActiveSeconds > maxPass || s.HeartbeatSeconds < 1 || s.HeartbeatSeconds > maxPass:
		return usage.Errorf("--active-seconds and --heartbeat-seconds are from 1 to %d: the run waits for the end of "+
			"passes and of lost places", maxPass)
	case l.drawAfter < 0 || l.drawAfter > maxPass*time.Second:
		return usage.Errorf("--draw-after is up to %ds: the run waits for it", maxPass)
	case int64(l.visitors)/s.AdmitPerSecond > longest || int64(l.visitors)*s.ActiveSeconds/s.MaxActive > longest:
		return usage.Errorf("admitting %d visitors may take longer than %v", l.visitors, maxDuration)
	}
	return nil
}

func (l *waitingRoomScenario) path() string { return "/v1/waiting-rooms/" + string(l.room) }

// heartbeat returns the longest pause between two polls.
func (l *waitingRoomScenario) heartbeat() time.Duration {
	return time.Duration(l.settings.HeartbeatSeconds) * time.Second
}

// holder returns the holder of visitor n, from 0. One in eight joins twice under one name.
func (l *waitingRoomScenario) holder(n int) events.Holder {
	if n%8 == 3 {
		n--
	}
	return events.Holder(string(l.room) + "-" + strconv.Itoa(n))
}

func (l *waitingRoomScenario) prepare(ctx context.Context, server *remote.Log, _ *crowd, _ *progress.Bar) error {
	l.room = events.RoomID("load-" + actors.NewID().String())
	s := &l.settings
	l.body = fmt.Sprintf(`{"admit_per_second":%d,"max_active":%d,"active_seconds":%d,"heartbeat_seconds":%d`,
		s.AdmitPerSecond, s.MaxActive, s.ActiveSeconds, s.HeartbeatSeconds)
	if l.drawAfter > 0 {
		l.body += fmt.Sprintf(`,"order":"shuffle","opens_at":%q`, time.Now().Add(l.drawAfter).UTC().Format(time.RFC3339Nano))
	}
	var made struct {
		ID       string
		SeedHash string `json:"seed_hash"`
	}
	if err := server.CallAgain(ctx, http.MethodPut, l.path(), l.body+"}", &made); err != nil {
		return err
	}
	l.promised = made.SeedHash
	body := fmt.Sprintf(`{"id":%q,"name":"Load: behind a waiting room","stock":%d,"waiting_room":%[1]q}`, l.room,
		l.visitors)
	return server.CallAgain(ctx, http.MethodPost, "/v1/products", body, &made)
}

func (l *waitingRoomScenario) act(ctx context.Context, c *crowd, bar *progress.Bar) {
	for n := range l.visitors {
		l.people = append(l.people, newQueuingVisitor(n, l.holder(n)))
	}
	start := time.Now()
	c.share(ctx, bar, "joining", len(l.people), func(m *member, n int) { l.join(m, l.people[n]) })
	l.joined = time.Since(start)
	waiting, enough := context.WithTimeout(ctx, l.longest())
	defer enough()
	c.each(bar, "waiting", func(m *member) {
		var mine []*queuingVisitor
		for n := m.number; n < len(l.people); n += len(c.members) {
			mine = append(mine, l.people[n])
		}
		l.attend(waiting, m, mine)
	})
	for _, q := range l.people {
		if !q.done && waiting.Err() != nil {
			l.stranded++
		}
	}
	l.drain(ctx, c, bar)
}

// longest returns the time within which a correct server admits all visitors, including those who
// join a second time.
func (l *waitingRoomScenario) longest() time.Duration {
	s := &l.settings
	twice := 2 * int64(l.visitors)
	return time.Duration(twice/s.AdmitPerSecond+twice*s.ActiveSeconds/s.MaxActive+s.ActiveSeconds)*time.Second +
		6*l.heartbeat() + waitingRoomOverstay + l.drawAfter
}

// attend runs the visitors' actions, each at its scheduled time, until all have finished.
func (l *waitingRoomScenario) attend(ctx context.Context, m *member, people []*queuingVisitor) {
	for m.stays(ctx) {
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
		l.turn(m, first)
	}
}

// drain waits until no visitor waits or has a pass, but no longer than that can take.
func (l *waitingRoomScenario) drain(ctx context.Context, c *crowd, bar *progress.Bar) {
	m := c.members[0]
	until := time.Now().Add(2*l.heartbeat() + time.Duration(l.settings.ActiveSeconds)*time.Second + waitingRoomOverstay)
	for ctx.Err() == nil && time.Now().Before(until) {
		var now struct{ Waiting, Active int64 }
		if m.get(l.path(), &now) && now.Waiting == 0 && now.Active == 0 {
			return
		}
		c.pause(ctx, bar, fmt.Sprintf("%d still wait, %d have a pass", now.Waiting, now.Active), waitingRoomPoll)
	}
}

func (l *waitingRoomScenario) tidy(ctx context.Context, server *remote.Log, _ *crowd,
	_ *progress.Bar) (stays string, err error) {
	closed := func() string { return l.body + `,"status":"closed"}` }
	if err := server.Edit(ctx, http.MethodPut, l.path(), &struct{}{}, closed); err != nil {
		return "", err
	}
	return fmt.Sprintf("waiting room %s remains, closed, and product %[1]s, with nothing left to sell", l.room),
		sellOut(ctx, server, events.ProductID(l.room))
}

func (l *waitingRoomScenario) outcome() (about string, acknowledged int64) {
	for _, s := range l.acknowledged {
		if s.fresh {
			acknowledged++
		}
	}
	return fmt.Sprintf("waiting room %s, %d visitors", l.room, l.visitors), acknowledged
}
