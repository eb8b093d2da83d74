package projections

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// testPerformance returns a log with performance "a", projections that follow it, and its model.
func testPerformance(t testing.TB) (*logtest.Memory, *Projections, *logtest.BookingModel) {
	log := logtest.NewMemory()
	c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
	c.Open("a")
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	<-p.ready
	return log, p, c
}

// TestSeatFramesOnTheWire: the frames of both topics of a performance have the documented JSON.
func TestSeatFramesOnTheWire(t *testing.T) {
	log, p, c := testPerformance(t)
	counts, seats := watch(t, p, "performance:a"), watch(t, p, "seats:a")
	both := func() {
		waitFor(t, p, events.Position(len(log.Recorded)))
		counts.all(t, p, "performance:a")
		seats.all(t, p, "seats:a")
	}
	c.Block("a", "A-2-3")
	both()
	c.RunInterrupted(2, func() { c.Book("a", "ada", []string{"B-x-1-2"}) }) // two facts: the allowance and the seat
	both()
	c.RunInterrupted(2, func() { c.Book("a", "bob", []string{"A-1-1"}) })
	both()
	checkFrames(t, counts.all(t, p, "performance:a"), []string{
		`{"event":"snapshot","data":{"topic":"performance:a","epoch":"first","position":1,"id":"a","title":"T a","venue":"V","starts_at":"2031-06-01T20:00:00Z","capacity":8,"remaining":8,"held":0,"sold":0,"blocked":0,"sections":[` +
			`{"id":"A","name":"Stalls","price":5,"capacity":6,"remaining":6,"held":0,"booked":0,"blocked":0},{"id":"B-x","name":"Balcony","price":0,"capacity":2,"remaining":2,"held":0,"booked":0,"blocked":0}]}}`,
		`{"event":"delta","data":{"topic":"performance:a","position":2,"previous":1,"remaining":7,"held":0,"sold":0,"blocked":1,"change":-1,"cause":"blocked","sections":[{"id":"A","remaining":5,"held":0,"booked":0,"blocked":1}]}}`,
		`{"event":"delta","data":{"topic":"performance:a","position":4,"previous":2,"remaining":6,"held":1,"sold":0,"blocked":1,"change":-1,"cause":"held","sections":[{"id":"B-x","remaining":1,"held":1,"booked":0,"blocked":0}]}}`,
		`{"event":"delta","data":{"topic":"performance:a","position":6,"previous":4,"remaining":5,"held":2,"sold":0,"blocked":1,"change":-1,"cause":"held","sections":[{"id":"A","remaining":4,"held":1,"booked":0,"blocked":1}]}}`,
	})
	frames := seats.all(t, p, "seats:a")
	checkFrames(t, frames, []string{
		`{"event":"snapshot","data":{"topic":"seats:a","epoch":"first","position":1,"remaining":8,"held":0,"sold":0,"blocked":0,"sections":[{"id":"A","rows":["fff","fff"]},{"id":"B-x","rows":["ff"]}]}}`,
		`{"event":"delta","data":{"topic":"seats:a","position":2,"previous":1,"remaining":7,"held":0,"sold":0,"blocked":1,"change":-1,"cause":"blocked","seats":{"A-2-3":"blocked"}}}`,
		`{"event":"delta","data":{"topic":"seats:a","position":4,"previous":2,"remaining":6,"held":1,"sold":0,"blocked":1,"change":-1,"cause":"held","seats":{"B-x-1-2":"held"}}}`,
		`{"event":"delta","data":{"topic":"seats:a","position":6,"previous":4,"remaining":5,"held":2,"sold":0,"blocked":1,"change":-1,"cause":"held","seats":{"A-1-1":"held"}}}`,
	})
	merged := live.Pending{}
	merged.Add(frames[1])
	merged.Add(frames[2])
	merged.Add(frames[3])
	checkFrames(t, []*live.Frame{merged.Next(),
		live.NewDelta("seats:a", 6, 6, live.NewSeatsState("", row.SeatCounts{Capacity: 1}, &row.SeatMap{}).Unchanged())},
		[]string{
			`{"event":"delta","data":{"topic":"seats:a","position":6,"previous":1,"remaining":5,"held":2,"sold":0,"blocked":1,"change":-3,"cause":"mixed","seats":{"A-1-1":"held","A-2-3":"blocked","B-x-1-2":"held"}}}`,
			`{"event":"delta","data":{"topic":"seats:a","position":6,"previous":6,"remaining":1,"held":0,"sold":0,"blocked":0,"change":0,"cause":"unchanged","seats":{}}}`,
		})
	for _, topic := range []string{"performance:b", "seats:b"} {
		if _, err := p.Subscribe(topic, live.Resume{}, newFrameRecorder()); !errors.Is(err, live.ErrNotFound) {
			t.Errorf("Subscribe(%s): %v, want ErrNotFound", topic, err)
		}
	}
}

// seatWatcher folds the frames of both topics of a performance as a client would.
type seatWatcher struct {
	position  map[string]events.Position
	remaining map[string]int64
	sections  map[events.SectionID]string
	seats     map[events.SeatName]string
	wrong     string
}

func newSeatWatcher() *seatWatcher {
	return &seatWatcher{
		map[string]events.Position{},
		map[string]int64{},
		map[events.SectionID]string{},
		map[events.SeatName]string{},
		"",
	}
}

func (a *seatWatcher) apply(f *live.Frame) {
	var m struct {
		Event string
		Data  struct {
			Topic              string
			Position, Previous events.Position
			Remaining, Change  int64
			Sections           []struct {
				ID                               events.SectionID
				Rows                             []string
				Remaining, Held, Booked, Blocked int64
			}
			Seats map[events.SeatName]string
		}
	}
	if err := json.Unmarshal(f.Bytes(), &m); err != nil {
		a.wrong = err.Error()
	}
	topic := m.Data.Topic
	if m.Event == "delta" && (m.Data.Previous != a.position[topic] ||
		m.Data.Remaining != a.remaining[topic]+m.Data.Change) {
		a.wrong = fmt.Sprintf("the subscriber at %d with %d remaining got %s", a.position[topic], a.remaining[topic],
			f.Bytes())
	}
	a.position[topic], a.remaining[topic] = m.Data.Position, m.Data.Remaining
	names := map[byte]string{'f': "free", 'h': "held", 'b': "booked", 'x': "blocked"}
	for _, s := range m.Data.Sections {
		if s.Rows == nil {
			a.sections[s.ID] = fmt.Sprint(s.Remaining, s.Held, s.Booked, s.Blocked)
		}
		for row, letters := range s.Rows {
			for i := range len(letters) {
				a.seats[events.NewSeatName(s.ID, int64(row)+1, int64(i)+1)] = names[letters[i]]
			}
		}
	}
	maps.Copy(a.seats, m.Data.Seats)
}

func (a *seatWatcher) applyAll(late *live.Pending) {
	for f := late.Next(); f != nil; f = late.Next() {
		a.apply(f)
	}
}

// TestSeatSubscribersSeeTheViews: a subscriber of a performance, joining at any time and with any frames merged, ends
// with the seats and counts of the views.
func TestSeatSubscribersSeeTheViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: vfs.NewMem(), FrameEvery: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		close(p.ready)
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		c.Open("a")
		c.Open("a-b")
		var watching []*frameRecorder
		var topics []string
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			c.RandomAction(t)
			if rapid.Bool().Draw(t, "later") {
				continue
			}
			foldEvents(t, p, log.Recorded[p.Position():])
			topic := rapid.SampledFrom([]string{"performance:a", "seats:a"}).Draw(t, "topic")
			w := newFrameRecorder()
			if _, err := p.Subscribe(topic, live.Resume{}, w); err != nil {
				t.Fatal(err)
			}
			watching, topics = append(watching, w), append(topics, topic)
		}
		foldEvents(t, p, log.Recorded[p.Position():])
		for i, w := range watching {
			a, late := newSeatWatcher(), &live.Pending{}
			for _, f := range w.all(t, p, topics[i]) {
				if late.Add(f); rapid.Bool().Draw(t, "is slow") {
					continue
				}
				a.applyAll(late)
			}
			a.applyAll(late)
			checkSeatWatcher(t, p, c, a, topics[i])
		}
	})
}

func checkSeatWatcher(t *rapid.T, p *Projections, c *logtest.BookingModel, a *seatWatcher, topic string) {
	if a.wrong != "" {
		t.Fatal(a.wrong)
	}
	row, _, err := p.Performance("a")
	if err != nil || a.remaining[topic] != row.Remaining() || a.position[topic] != row.Position {
		t.Fatalf("%s: %d remain at %d; want %+v, %v", topic, a.remaining[topic], a.position[topic], row, err)
	}
	if topic == "seats:a" {
		for name, s := range c.Shows["a"] {
			if a.seats[events.SeatName(name)] != string(s.Status) {
				t.Fatalf("the subscriber sees %s as %s, want %s", name, a.seats[events.SeatName(name)], s.Status)
			}
		}
		return
	}
	for _, s := range row.Sections {
		if want := fmt.Sprint(s.Remaining(), s.Held, s.Booked, s.Blocked); a.sections[s.ID] != want {
			t.Fatalf("the subscriber sees section %s as %s, want %s", s.ID, a.sections[s.ID], want)
		}
	}
}

// TestStadiumSnapshotSize: a snapshot of a hundred thousand seats is smaller than a megabyte,
// whatever their layout.
func TestStadiumSnapshotSize(t *testing.T) {
	for name, sections := range map[string][]events.Section{
		"long rows": {{ID: "A", Rows: 100, SeatsPerRow: 1000}}, "single seats": {{ID: "A", Rows: 100_000, SeatsPerRow: 1}},
		"small sections": manySections(1000),
	} {
		log := logtest.NewMemory()
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		close(p.ready)
		log.Add(logtest.PerformanceStream("a"), &events.PerformanceCreated{PerformanceID: "a", Sections: sections})
		if err := p.apply(log.Recorded); err != nil {
			t.Fatal(err)
		}
		c := watch(t, p, "seats:a")
		if size := len(c.frames[0].Bytes()); size > 1<<20 {
			t.Errorf("%s: %d bytes, want at most 1 MiB", name, size)
		} else {
			t.Logf("%s: %d bytes", name, size)
		}
	}
}

func manySections(n int) (sections []events.Section) {
	for i := range n {
		sections = append(sections,
			events.Section{ID: events.SectionID(fmt.Sprintf("section-%d", i)), Rows: 10, SeatsPerRow: 10})
	}
	return sections
}
