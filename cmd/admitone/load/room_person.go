package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"admitone/events"
)

// visitorAttempts is the number of consecutive failures after which a visitor gives up.
const visitorAttempts = 20

// behaviour is how a visitor behaves. It is derived from the visitor's number, so that runs are
// repeatable.
type behaviour int

const (
	buys          behaviour = iota // is admitted and buys, which ends the pass
	finishes                       // is admitted and finishes
	keepsPass                      // is admitted, lets another visitor use the pass, and lets it expire
	leaves                         // polls once and leaves
	sleeps                         // stops polling for too long, and joins again
	vanishes                       // stops polling permanently
	pollsTooOften                  // polls too often, and tries to buy without a pass
	joinsAgain                     // joins a second time instead of polling, every other time
)

func behaviourOf(n int) behaviour {
	if n%8 == 3 {
		return vanishes // the second of two visitors with one name only joins
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	switch roll := rng.IntN(20); {
	case roll < 9:
		return buys
	case roll < 11:
		return finishes
	case roll < 13:
		return keepsPass
	case roll < 15:
		return leaves
	case roll < 17:
		return sleeps
	case roll < 18:
		return vanishes
	case roll < 19:
		return pollsTooOften
	}
	return joinsAgain
}

// queuingVisitor is a simulated visitor. One member of the crowd at a time acts for it.
type queuingVisitor struct {
	number    int
	holder    events.Holder
	behaviour behaviour
	failed    int       // consecutive failures
	stay      *stay     // nil before it has joined
	next      time.Time // when it acts next
	// acted is set when the visitor has performed its one-time action.
	acted bool
	done  bool
}

func newQueuingVisitor(n int, holder events.Holder) *queuingVisitor {
	return &queuingVisitor{number: n, holder: holder, behaviour: behaviourOf(n)}
}

// stay is a place in the line according to the answers. One member of the crowd at a time writes to it.
type stay struct {
	Visitor   string `json:"visitor"`
	Ticket    int64  `json:"ticket"`
	Position  int64  `json:"position"`
	PollAfter int64  `json:"poll_after_seconds"`
	// Status is the status in the last answer.
	Status    events.VisitorStatus `json:"status"`
	Pass      string               `json:"pass"`
	ExpiresAt time.Time            `json:"expires_at"`

	holder events.Holder
	// created is set if the join created the place, rather than returning an existing one.
	created bool
	polls   int
	// heartbeat is when the last accepted poll was sent.
	heartbeat time.Time
	// silence is the time from heartbeat until an answer reported that the place was lost; 0 for no such answer.
	silence time.Duration
	// wrong describes an answer that contradicts an earlier one, "" if there is none.
	wrong string
}

// wait schedules the next action in seconds, at least one.
func (q *queuingVisitor) wait(seconds int64) {
	q.next = time.Now().Add(time.Duration(max(seconds, 1)) * time.Second)
}

// retryAfter returns the seconds in the last answer's Retry-After header, 0 for none.
func (m *member) retryAfter() int64 {
	seconds, _ := strconv.ParseInt(string(m.response.Header.Peek("Retry-After")), 10, 64)
	return seconds
}

// turn runs a visitor's next action.
func (w *waitingRoomScenario) turn(m *member, q *queuingVisitor) {
	switch {
	case q.stay == nil:
		w.join(m, q)
	case q.stay.Status == events.VisitorAdmitted && q.behaviour == buys:
		w.buy(m, q)
	case q.stay.Status == events.VisitorAdmitted && q.behaviour != keepsPass:
		w.leave(m, q)
	case q.stay.Status == events.VisitorAdmitted && !q.acted:
		q.acted = true
		w.reserveWithoutPass(m, q, events.Holder(string(q.holder)+"-friend"), q.stay.Pass)
		w.schedule(q, q.stay)
	case q.behaviour == sleeps && !q.acted:
		q.acted = true
		q.next = time.Now().Add(3 * w.heartbeat())
	case q.behaviour == joinsAgain && q.stay.Status == events.VisitorWaiting && q.stay.polls%2 == 1:
		q.stay.polls++
		w.join(m, q)
	default:
		w.poll(m, q)
	}
}

// join requests a place.
func (w *waitingRoomScenario) join(m *member, q *queuingVisitor) {
	sent := time.Now()
	status := m.do(http.MethodPost, w.path()+"/visitors", fmt.Appendf(nil, `{"holder":%q}`, q.holder))
	if status != http.StatusCreated && status != http.StatusOK {
		if unknown(status) {
			w.mu.Lock()
			w.unknown++
			w.mu.Unlock()
		}
		if q.retryLater(m); !unknown(status) && status != http.StatusTooManyRequests {
			q.done = true
		}
		return
	}
	s := &stay{holder: q.holder, created: status == http.StatusCreated}
	if json.Unmarshal(m.response.Body(), s) != nil || s.Visitor == "" || s.Ticket < 1 {
		w.mu.Lock()
		w.unreadable++
		w.mu.Unlock()
		q.done = true
		return
	}
	if s.created {
		s.heartbeat = sent
	}
	if before := q.stay; before != nil && !s.created { // its own place, found again
		if s.Visitor != before.Visitor || s.Ticket != before.Ticket {
			before.wrong = fmt.Sprintf("ticket %d of %s became ticket %d", before.Ticket, q.holder, s.Ticket)
		}
		before.PollAfter = s.PollAfter
		before.update(s, before.heartbeat)
		w.schedule(q, before)
		return
	}
	w.mu.Lock()
	w.acknowledged = append(w.acknowledged, s)
	w.mu.Unlock()
	q.stay = s
	w.schedule(q, s)
}

// schedule sets the time of the next action according to the last answer.
func (w *waitingRoomScenario) schedule(q *queuingVisitor, s *stay) {
	q.wait(s.PollAfter)
	switch s.Status {
	case events.VisitorWaiting:
		if q.behaviour == vanishes {
			q.done = true
		}
	case events.VisitorAdmitted:
		if q.behaviour == keepsPass && q.acted {
			q.wait(1 + w.settings.ActiveSeconds) // independently of the answer
			return
		}
		q.next = time.Now().Add(time.Duration(q.number%8) * 100 * time.Millisecond)
	default:
		// A visitor with the behaviour sleeps joins again, and then buys.
		if q.done = q.behaviour != sleeps; !q.done {
			q.behaviour, q.stay, q.next = buys, nil, time.Now()
		}
	}
}

// retryLater schedules a retry after a failed request. It gives up after visitorAttempts.
func (q *queuingVisitor) retryLater(m *member) {
	q.failed++
	q.done = q.failed == visitorAttempts
	q.wait(m.retryAfter())
}

// poll polls and records the answer.
func (w *waitingRoomScenario) poll(m *member, q *queuingVisitor) {
	s, sent := q.stay, time.Now()
	status := m.do(http.MethodGet, w.path()+"/visitors/"+s.Visitor, nil)
	var now stay
	switch {
	case status == http.StatusTooManyRequests:
		q.wait(m.retryAfter())
		return
	case unknown(status):
		q.retryLater(m)
		return
	case status != http.StatusOK:
		s.wrong = fmt.Sprintf("ticket %d was answered %d %s", s.Ticket, status, codeOf(m.response.Body()))
		q.done = true
		return
	case json.Unmarshal(m.response.Body(), &now) != nil || now.Ticket != s.Ticket || now.Visitor != s.Visitor:
		s.wrong = fmt.Sprintf("ticket %d was answered %.60q", s.Ticket, m.response.Body())
		q.done = true
		return
	}
	if now.Status == events.VisitorWaiting { // the line only becomes shorter
		if s.polls > 0 && s.Position > 0 && now.Position > s.Position {
			s.wrong = fmt.Sprintf("ticket %d moved back from position %d to %d", s.Ticket, s.Position, now.Position)
		}
		s.Position, s.PollAfter = now.Position, now.PollAfter
	}
	s.update(&now, sent)
	s.polls++
	q.failed = 0
	w.schedule(q, s)
	switch {
	case q.behaviour == leaves && s.Status == events.VisitorWaiting:
		w.leave(m, q)
	case q.behaviour == pollsTooOften && s.Status == events.VisitorWaiting && s.polls%2 == 1:
		w.reserveWithoutPass(m, q, q.holder, "")
		q.next = time.Now()
	}
}

// update records an answer. sent is when the poll was sent.
func (s *stay) update(now *stay, sent time.Time) {
	switch now.Status {
	case events.VisitorWaiting:
		if s.Pass != "" {
			s.wrong = fmt.Sprintf("ticket %d had a pass and waits again", s.Ticket)
		}
		s.heartbeat = sent
	case events.VisitorAdmitted:
		if s.Pass != "" && !now.ExpiresAt.Equal(s.ExpiresAt) {
			s.wrong = fmt.Sprintf("the pass of ticket %d ends at %v, and then at %v", s.Ticket, s.ExpiresAt, now.ExpiresAt)
		}
		s.Pass, s.ExpiresAt = now.Pass, now.ExpiresAt
	case events.VisitorExpired:
		if s.Status == events.VisitorWaiting && !s.heartbeat.IsZero() {
			s.silence = time.Since(s.heartbeat)
		}
	}
	s.Status = now.Status
}

// leave gives up the place or the pass.
func (w *waitingRoomScenario) leave(m *member, q *queuingVisitor) {
	s := q.stay
	status := m.do(http.MethodDelete, w.path()+"/visitors/"+s.Visitor, nil)
	now := stay{}
	switch {
	case status == http.StatusOK && json.Unmarshal(m.response.Body(), &now) == nil && now.Ticket == s.Ticket:
		s.Status, q.done = now.Status, true
	case status == http.StatusTooManyRequests || unknown(status):
		s.Status = "" // unknown: the visitor may have left
		q.done = true
	default:
		s.wrong = fmt.Sprintf("ticket %d could not leave: %d %s", s.Ticket, status, codeOf(m.response.Body()))
		q.done = true
	}
}
