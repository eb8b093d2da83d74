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

// queuerTries is after how many answers in a row that say nothing a person gives up.
const queuerTries = 20

// fate is what a person does, the same in every run: the number decides.
type fate int

const (
	buys       fate = iota // comes in and buys, which ends the pass
	givesBack              // comes in and gives the pass back
	keeps                  // comes in, lends the pass to another, and lets it run out
	goes                   // asks once and goes
	sleeps                 // is silent for too long, and comes again
	vanishes               // is silent for ever
	hurries                // asks too often, and tries to buy without a pass
	joinsAgain             // joins a second time instead of asking, every other time
)

func fateOf(n int) fate {
	if n%8 == 3 {
		return vanishes // the second of two with one name has joined, and that is all
	}
	chance := rand.New(rand.NewPCG(1, uint64(n)))
	switch roll := chance.IntN(20); {
	case roll < 9:
		return buys
	case roll < 11:
		return givesBack
	case roll < 13:
		return keeps
	case roll < 15:
		return goes
	case roll < 17:
		return sleeps
	case roll < 18:
		return vanishes
	case roll < 19:
		return hurries
	}
	return joinsAgain
}

// queuer is a person in the line. One member of the crowd at a time moves it.
type queuer struct {
	number int
	holder string
	fate   fate
	failed int       // attempts, one after another
	stay   *stay     // nil before it has joined
	next   time.Time // when it does something again
	// once says that what this person does a single time has been done.
	once bool
	done bool
}

func newQueuer(n int, holder string) *queuer {
	return &queuer{number: n, holder: holder, fate: fateOf(n)}
}

// stay is one place in the line as its holder was told. One member of the crowd at a
// time writes to it.
type stay struct {
	Visitor   string `json:"visitor"`
	Ticket    int64  `json:"ticket"`
	Position  int64  `json:"position"`
	PollAfter int64  `json:"poll_after_seconds"`
	// Status is what was told last.
	Status    events.VisitorStatus `json:"status"`
	Pass      string               `json:"pass"`
	ExpiresAt time.Time            `json:"expires_at"`

	holder string
	// fresh says that the place was given with the answer, not found.
	fresh bool
	polls int
	// sign is when the last sign of life was sent that was taken as one.
	sign time.Time
	// silence is how long after that the place was known to be lost; 0 if it was not.
	silence time.Duration
	// wrong is what an answer said that can't be.
	wrong string
}

// wait lets some seconds go by, one at least.
func (q *queuer) wait(seconds int64) {
	q.next = time.Now().Add(time.Duration(max(seconds, 1)) * time.Second)
}

// retryAfter is what the last answer says.
func (m *member) retryAfter() int64 {
	seconds, _ := strconv.ParseInt(string(m.response.Header.Peek("Retry-After")), 10, 64)
	return seconds
}

// turn is what a person does when it is time.
func (l *lineUp) turn(m *member, q *queuer) {
	switch {
	case q.stay == nil:
		l.join(m, q)
	case q.stay.Status == events.VisitorAdmitted && q.fate == buys:
		l.buy(m, q)
	case q.stay.Status == events.VisitorAdmitted && q.fate != keeps:
		l.leave(m, q)
	case q.stay.Status == events.VisitorAdmitted && !q.once:
		q.once = true
		l.cheat(m, q, q.holder+"-friend", q.stay.Pass)
		l.plan(q, q.stay)
	case q.fate == sleeps && !q.once:
		q.once = true
		q.next = time.Now().Add(3 * l.heartbeat())
	case q.fate == joinsAgain && q.stay.Status == events.VisitorWaiting && q.stay.polls%2 == 1:
		q.stay.polls++
		l.join(m, q)
	default:
		l.ask(m, q)
	}
}

// join asks for a place.
func (l *lineUp) join(m *member, q *queuer) {
	sent := time.Now()
	status := m.do(http.MethodPost, l.path()+"/visitors", fmt.Appendf(nil, `{"holder":%q}`, q.holder))
	if status != http.StatusCreated && status != http.StatusOK {
		if unknown(status) {
			l.mu.Lock()
			l.unknown++
			l.mu.Unlock()
		}
		if q.failing(m); !unknown(status) && status != http.StatusTooManyRequests {
			q.done = true
		}
		return
	}
	s := &stay{holder: q.holder, fresh: status == http.StatusCreated}
	if json.Unmarshal(m.response.Body(), s) != nil || s.Visitor == "" || s.Ticket < 1 {
		l.mu.Lock()
		l.unreadable++
		l.mu.Unlock()
		q.done = true
		return
	}
	if s.fresh {
		s.sign = sent
	}
	if before := q.stay; before != nil && !s.fresh { // its own place, found again
		if s.Visitor != before.Visitor || s.Ticket != before.Ticket {
			before.wrong = fmt.Sprintf("ticket %d of %s became ticket %d", before.Ticket, q.holder, s.Ticket)
		}
		before.PollAfter = s.PollAfter
		before.learn(s, before.sign)
		l.plan(q, before)
		return
	}
	l.mu.Lock()
	l.told = append(l.told, s)
	l.mu.Unlock()
	q.stay = s
	l.plan(q, s)
}

// plan decides when to do something again, by what was told just now.
func (l *lineUp) plan(q *queuer, s *stay) {
	q.wait(s.PollAfter)
	switch s.Status {
	case events.VisitorWaiting:
		if q.fate == vanishes {
			q.done = true
		}
	case events.VisitorAdmitted:
		if q.fate == keeps && q.once {
			q.wait(1 + l.settings.ActiveSeconds) // whatever the answer says
			return
		}
		q.next = time.Now().Add(time.Duration(q.number%8) * 100 * time.Millisecond)
	default:
		// Who has slept stands at the end again, and stays awake.
		if q.done = q.fate != sleeps; !q.done {
			q.fate, q.stay, q.next = buys, nil, time.Now()
		}
	}
}

// failing waits for better times after an answer that says nothing.
func (q *queuer) failing(m *member) {
	q.failed++
	q.done = q.failed == queuerTries
	q.wait(m.retryAfter())
}

// ask gives a sign of life, and takes down what the answer says.
func (l *lineUp) ask(m *member, q *queuer) {
	s, sent := q.stay, time.Now()
	status := m.do(http.MethodGet, l.path()+"/visitors/"+s.Visitor, nil)
	var now stay
	switch {
	case status == http.StatusTooManyRequests:
		q.wait(m.retryAfter())
		return
	case unknown(status):
		q.failing(m)
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
	if now.Status == events.VisitorWaiting { // the line only gets shorter
		if s.polls > 0 && s.Position > 0 && now.Position > s.Position {
			s.wrong = fmt.Sprintf("ticket %d was told position %d, and then %d", s.Ticket, s.Position, now.Position)
		}
		s.Position, s.PollAfter = now.Position, now.PollAfter
	}
	s.learn(&now, sent)
	s.polls++
	q.failed = 0
	l.plan(q, s)
	switch {
	case q.fate == goes && s.Status == events.VisitorWaiting:
		l.leave(m, q)
	case q.fate == hurries && s.Status == events.VisitorWaiting && s.polls%2 == 1:
		l.cheat(m, q, q.holder, "")
		q.next = time.Now()
	}
}

// learn takes an answer in. sent is when the last sign of life was.
func (s *stay) learn(now *stay, sent time.Time) {
	switch now.Status {
	case events.VisitorWaiting:
		if s.Pass != "" {
			s.wrong = fmt.Sprintf("ticket %d had a pass and waits again", s.Ticket)
		}
		s.sign = sent
	case events.VisitorAdmitted:
		if s.Pass != "" && !now.ExpiresAt.Equal(s.ExpiresAt) {
			s.wrong = fmt.Sprintf("the pass of ticket %d ends at %v, and then at %v", s.Ticket, s.ExpiresAt, now.ExpiresAt)
		}
		s.Pass, s.ExpiresAt = now.Pass, now.ExpiresAt
	case events.VisitorExpired:
		if s.Status == events.VisitorWaiting && !s.sign.IsZero() {
			s.silence = time.Since(s.sign)
		}
	}
	s.Status = now.Status
}

// leave gives the place or the pass up.
func (l *lineUp) leave(m *member, q *queuer) {
	s := q.stay
	status := m.do(http.MethodDelete, l.path()+"/visitors/"+s.Visitor, nil)
	now := stay{}
	switch {
	case status == http.StatusOK && json.Unmarshal(m.response.Body(), &now) == nil && now.Ticket == s.Ticket:
		s.Status, q.done = now.Status, true
	case status == http.StatusTooManyRequests || unknown(status):
		s.Status = "" // it may have left
		q.done = true
	default:
		s.wrong = fmt.Sprintf("ticket %d could not leave: %d %s", s.Ticket, status, codeOf(m.response.Body()))
		q.done = true
	}
}
