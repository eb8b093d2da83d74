package projections

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// frameRecorder records the frames of a topic.
type frameRecorder struct {
	mu     sync.Mutex
	frames []*live.Frame
	first  chan struct{} // closed with the first frame
}

func newFrameRecorder() *frameRecorder { return &frameRecorder{first: make(chan struct{})} }

func (c *frameRecorder) Deliver(f *live.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frames = append(c.frames, f); len(c.frames) == 1 {
		close(c.first)
	}
}

// all returns the frames of all changes so far: they are delivered before the snapshot of a later subscriber.
func (c *frameRecorder) all(t rapid.TB, p *Projections, topic string) []*live.Frame {
	t.Helper()
	late := newFrameRecorder()
	sub, err := p.Subscribe(topic, live.Resume{}, late)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	<-late.first
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.frames)
}

// watch subscribes a recorder, and waits for its snapshot.
func watch(t rapid.TB, p *Projections, topic string) *frameRecorder {
	t.Helper()
	c := newFrameRecorder()
	if _, err := p.Subscribe(topic, live.Resume{}, c); err != nil {
		t.Fatal(err)
	}
	<-c.first
	return c
}

// tournamentWithWaitlist returns a log, views and model of a tournament with two slots, whose waitlist begins with a
// group.
func tournamentWithWaitlist(t testing.TB) (*logtest.Memory, *Projections, *tournamentModel) {
	log, o := logtest.NewMemory(), &tournamentModel{id: "a"}
	log.Add(team("t1"), &events.TeamRegistered{TeamID: "t1", DisplayName: "Lions"})
	log.Add(team("t4"), &events.TeamRegistered{TeamID: "t4", DisplayName: "Tigers"})
	log.Add(cup("a"), o.open(2, false), o.enter("t1"), o.enter("t2"), o.enter("t3", "t4"), o.enter("t5"))
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	<-p.ready
	return log, p, o
}

func checkFrames(t *testing.T, got []*live.Frame, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d frames, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if string(got[i].Bytes()) != want[i] {
			t.Errorf("frame %d is\n%s, want\n%s", i, got[i].Bytes(), want[i])
		}
	}
}

// TestTournamentFramesOnTheWire: the frames of a tournament have the documented JSON, also when merged.
func TestTournamentFramesOnTheWire(t *testing.T) {
	log, p, o := tournamentWithWaitlist(t)
	c := watch(t, p, "tournament:a")
	waitFor(t, p, log.Add(cup("a"), o.withdraw("t1")...)) // the group does not fit yet
	c.all(t, p, "tournament:a")
	waitFor(t, p, log.Add(cup("a"), o.withdraw("t2")...))
	waitFor(t, p, log.Add(cup("a"), o.edit(4, true)...))
	frames := c.all(t, p, "tournament:a")
	// The later facts may come in one frame or in several.
	sum := live.Pending{}
	for _, f := range frames[1:] {
		sum.Add(f)
	}
	checkFrames(t, frames[:2], []string{
		`{"event":"snapshot","data":{"topic":"tournament:a","epoch":"first","position":7,"id":"a","name":"a","team_limit":2,"entered":2,"remaining":0,"waitlisted":3,"register_deadline":"2099-01-01T00:00:00.000000001Z","status":"open","waitlist":true,"waitlist_rule":"strict","revision":4}}`,
		`{"event":"delta","data":{"topic":"tournament:a","position":8,"previous":7,"remaining":1,"entered":1,"waitlisted":3,"change":1,"cause":"withdrawn","revision":5,"teams":[{"team_id":"t1","status":"withdrawn"}]}}`,
	})
	merged := sum.Next()
	checkFrames(t, []*live.Frame{merged}, []string{
		`{"event":"delta","data":{"topic":"tournament:a","position":11,"previous":7,"remaining":2,"entered":2,"waitlisted":1,"change":2,"cause":"mixed","revision":8,` +
			`"name":"a","team_limit":4,"register_deadline":"2099-01-01T00:00:00.000000001Z","status":"closed",` +
			`"teams":[{"team_id":"t1","status":"withdrawn"},{"team_id":"t2","status":"withdrawn"},{"team_id":"t3","status":"entered"},{"team_id":"t4","status":"entered"}]}}`,
	})
	if tournament, ok := merged.Row().(row.Tournament); !ok || tournament.Entered != 2 || tournament.Revision != 8 {
		t.Errorf("the merged frame has the row %+v, want 2 entered at revision 8", merged.Row())
	}
}

// TestTeamFramesOnTheWire: the frames of a team have the documented JSON.
func TestTeamFramesOnTheWire(t *testing.T) {
	log, p, o := tournamentWithWaitlist(t)
	entered, waits := watch(t, p, "team:t1"), watch(t, p, "team:t4")
	for _, facts := range [][]events.Fact{o.withdraw("t3"), o.withdraw("t1"), o.withdraw("t4"), {o.enter("t1")}} {
		waitFor(t, p, log.Add(cup("a"), facts...)) // t4 moves up, is promoted, and withdraws
		entered.all(t, p, "team:t1")
		waits.all(t, p, "team:t4")
	}
	checkFrames(t, entered.all(t, p, "team:t1"), []string{
		`{"event":"snapshot","data":{"topic":"team:t1","epoch":"first","position":7,"id":"t1","name":"Lions","revision":0,"entries":[{"tournament_id":"a","status":"entered"}]}}`,
		`{"event":"delta","data":{"topic":"team:t1","position":9,"previous":7,"cause":"withdrawn","entries":[{"tournament_id":"a","status":"withdrawn","cause":"withdrawn"}]}}`,
		`{"event":"delta","data":{"topic":"team:t1","position":13,"previous":9,"cause":"waitlisted","entries":[{"tournament_id":"a","status":"waitlisted","place":1,"cause":"waitlisted"}]}}`,
	})
	frames := waits.all(t, p, "team:t4")
	checkFrames(t, frames, []string{
		`{"event":"snapshot","data":{"topic":"team:t4","epoch":"first","position":7,"id":"t4","name":"Tigers","revision":0,"entries":[{"tournament_id":"a","status":"waitlisted","place":2}]}}`,
		`{"event":"delta","data":{"topic":"team:t4","position":8,"previous":7,"cause":"moved","entries":[{"tournament_id":"a","status":"waitlisted","place":1,"cause":"moved"}]}}`,
		`{"event":"delta","data":{"topic":"team:t4","position":10,"previous":8,"cause":"promoted","entries":[{"tournament_id":"a","status":"entered","cause":"promoted"}]}}`,
		`{"event":"delta","data":{"topic":"team:t4","position":11,"previous":10,"cause":"withdrawn","entries":[{"tournament_id":"a","status":"withdrawn","cause":"withdrawn"}]}}`,
	})
	if frames[0].Row() != nil || frames[1].Row() != nil {
		t.Error("a frame of a team's topic has a row, want none")
	}
	if _, err := p.Subscribe("team:nobody", live.Resume{}, newFrameRecorder()); !errors.Is(err, live.ErrNotFound) {
		t.Errorf("Subscribe(team:nobody): %v, want ErrNotFound", err)
	}
	again := newFrameRecorder()
	if _, err := p.Subscribe("team:t4", live.Resume{Since: 11, Epoch: "first"}, again); err != nil {
		t.Fatal(err)
	}
	<-again.first
	checkFrames(
		t,
		again.frames,
		[]string{`{"event":"delta","data":{"topic":"team:t4","position":11,"previous":11,"cause":"unchanged","entries":[]}}`},
	)
}

// entryWatcher applies the frames of a team's topic like a client.
type entryWatcher struct {
	position events.Position
	entries  map[events.TournamentID]string
	wrong    string
}

func (w *entryWatcher) apply(f *live.Frame) {
	var m struct {
		Event string
		Data  struct {
			Position, Previous events.Position
			Entries            []struct {
				TournamentID events.TournamentID `json:"tournament_id"`
				Status       string
				Place        int64
			}
		}
	}
	if err := json.Unmarshal(f.Bytes(), &m); err != nil {
		w.wrong = err.Error()
	}
	if m.Event == "snapshot" {
		w.entries = map[events.TournamentID]string{}
	} else if m.Data.Previous != w.position {
		w.wrong = fmt.Sprintf("the subscriber at %d got %s", w.position, f.Bytes())
	}
	w.position = m.Data.Position
	for _, e := range m.Data.Entries {
		if w.entries[e.TournamentID] = fmt.Sprint(e.Status, e.Place); e.Status == string(events.EntryWithdrawn) {
			delete(w.entries, e.TournamentID)
		}
	}
}

// TestTeamSubscribersSeeTheViews: subscribers of a team, joining at any time and with any frames merged, see its
// place as the views have it.
func TestTeamSubscribersSeeTheViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: vfs.NewMem(), FrameEvery: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		close(p.ready)
		organisers := []*tournamentModel{{id: "a"}, {id: "b"}}
		for _, id := range testTeams {
			log.Add(team(id), &events.TeamRegistered{TeamID: id, DisplayName: string(id)})
		}
		watchers := map[events.TeamID]*frameRecorder{}
		subs := map[events.TeamID]*live.Subscription{}
		for at := 0; at < rapid.IntRange(20, 60).Draw(t, "steps"); at++ {
			o := organisers[rapid.IntRange(0, 1).Draw(t, "tournament")]
			log.Add(cup(o.id), o.randomAction(t)...)
			if rapid.Bool().Draw(t, "later") {
				continue
			}
			foldEvents(t, p, log.Recorded[p.Position():])
			id := rapid.SampledFrom(testTeams).Draw(t, "watched")
			if sub := subs[id]; sub != nil {
				checkTeamWatcher(t, p, watchers[id], id)
				sub.Close()
				delete(subs, id)
				continue
			}
			watchers[id] = newFrameRecorder()
			if subs[id], err = p.Subscribe("team:"+string(id), live.Resume{}, watchers[id]); err != nil {
				t.Fatal(err)
			}
		}
		foldEvents(t, p, log.Recorded[p.Position():])
		for id := range subs {
			checkTeamWatcher(t, p, watchers[id], id)
		}
		for tournament, places := range viewOf[*tournaments](p).watched {
			for id := range places { // a watched team that does not wait must not be listed
				if e, ok, _ := p.Entry(tournament, id); subs[id] != nil && (!ok || e.Place == 0) {
					t.Fatalf("the watched places in %s have %s, want only waiting teams", tournament, id)
				}
			}
		}
	})
}

func checkTeamWatcher(t *rapid.T, p *Projections, c *frameRecorder, id events.TeamID) {
	w := &entryWatcher{}
	for _, f := range c.all(t, p, "team:"+string(id)) {
		w.apply(f)
	}
	page, _, err := p.TeamEntries(id, "", 99)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page {
		if got, want := w.entries[e.TournamentID], fmt.Sprint(e.Status, e.Place); got != want {
			t.Fatalf("the subscriber sees %s in %s as %q, want %q", id, e.TournamentID, got, want)
		}
	}
	if w.wrong != "" || len(w.entries) != len(page) {
		t.Fatalf("the subscriber of %s: %s; it sees entries in %v, want %d", id, w.wrong, w.entries, len(page))
	}
}

// TestTournamentResumeFromLog: a delta computed from the log for a subscriber that resumes equals the merged deltas
// that were sent.
func TestTournamentResumeFromLog(t *testing.T) {
	log, p, o := tournamentWithWaitlist(t)
	watching := newFrameRecorder()
	sub, err := p.Subscribe("tournament:a", live.Resume{}, watching)
	if err != nil {
		t.Fatal(err)
	}
	<-watching.first
	var frames []*live.Frame
	for _, facts := range [][]events.Fact{o.withdraw("t1"), o.withdraw("t2"), o.edit(4, true), {o.enter("t6")},
		o.withdraw("t6"), o.edit(5, false)} {
		waitFor(t, p, log.Add(cup("a"), facts...))
		frames = watching.all(t, p, "tournament:a")
	}
	sub.Close()
	if len(frames) < 5 {
		t.Fatalf("%d frames were sent, want at least 5", len(frames))
	}
	last := frames[len(frames)-1]
	for i, from := range frames[:len(frames)-1] {
		merged := frames[i+1].Delta.Clone()
		for _, f := range frames[i+2:] {
			merged.Merge(f.Delta)
		}
		want := live.NewDelta("tournament:a", from.Position, last.Position, merged)
		back := newFrameRecorder()
		again, err := p.Subscribe("tournament:a", live.Resume{Since: from.Position, Epoch: log.Epoch()}, back)
		if err != nil {
			t.Fatal(err)
		}
		<-back.first
		checkFrames(t, back.all(t, p, "tournament:a"), []string{string(want.Bytes())})
		again.Close()
	}
}

// TestPlaceOfAReturningTeam: a watched place that became stale while the topic had no subscribers is not sent.
func TestPlaceOfAReturningTeam(t *testing.T) {
	log, p, o := tournamentWithWaitlist(t) // t3 and t4 wait as a group
	watchTeam(t, p, "t4").Close()
	waitFor(t, p, log.Add(cup("a"), o.withdraw("t4")...))
	c := newFrameRecorder()
	if _, err := p.Subscribe("team:t4", live.Resume{}, c); err != nil {
		t.Fatal(err)
	}
	<-c.first
	waitFor(t, p, log.Add(cup("a"), o.withdraw("t3")...)) // all later teams move up
	if frames := c.all(t, p, "team:t4"); len(frames) != 1 {
		t.Errorf("the subscriber of a team that no longer waits got %s, want only the snapshot", frames[1].Bytes())
	}
}

func watchTeam(t testing.TB, p *Projections, team string) *live.Subscription {
	t.Helper()
	c := newFrameRecorder()
	sub, err := p.Subscribe("team:"+team, live.Resume{}, c)
	if err != nil {
		t.Fatal(err)
	}
	<-c.first
	return sub
}
