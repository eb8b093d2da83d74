package load

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"admitone/cmd/admitone/progress"
	"admitone/events"
)

// provider simulates a payment provider: it takes the buyers' money, reports it, and pays refunds. Its ledger is
// independent of the server.
type provider struct {
	name     events.Provider
	currency string

	prompt, late []*charge // to be reported in time, and after the holds have expired

	mu     sync.Mutex
	ledger map[string]*charge // by reference; guarded by mu
	wrong  []string           // descriptions of wrong answers; guarded by mu
}

// charge is a payment that the provider has taken.
type charge struct {
	reference string
	booking   events.BookingID
	amount    int64
	reports   int    // how often the charge is reported
	outcome   string // in the server's answer
	refunded  int64  // amount paid back
}

func newProvider(name events.Provider, currency string) *provider {
	return &provider{name: name, currency: currency, ledger: map[string]*charge{}}
}

// charge takes the money for bookings. The behaviour of each payer is derived from the index of the
// booking, so that runs are repeatable. Most payments are made and reported once; others are reported
// twice, made twice, made with a wrong amount, reported late, or missing.
func (p *provider) charge(made []*booked) {
	for n, b := range made {
		take := func(amount int64, late bool, reports int) {
			c := &charge{reference: fmt.Sprintf("%s-%d", b.ID, len(p.ledger)), booking: b.ID, amount: amount, reports: reports}
			p.ledger[c.reference] = c
			if late {
				p.late = append(p.late, c)
			} else {
				p.prompt = append(p.prompt, c)
			}
		}
		switch roll := rand.New(rand.NewPCG(2, uint64(n))).IntN(20); {
		case roll < 10:
			take(b.Amount, false, 1)
		case roll < 12:
			take(b.Amount, false, 2)
		case roll < 14:
			take(b.Amount, false, 1)
			take(b.Amount, false, 1)
		case roll < 15:
			take(b.Amount-1, false, 1)
		case roll < 16:
			take(b.Amount+300, false, 1)
			take(b.Amount, false, 1)
		case roll < 18:
			take(b.Amount, true, 2)
		} // the other bookings are never paid
	}
}

// maxReports bounds the attempts to report a charge or a settlement.
const maxReports = 20

// report reports a charge to the server, and repeats a report that gets no answer.
func (p *provider) report(m *member, c *charge) {
	body := fmt.Appendf(nil, `{"method":"external","provider":%q,"reference":%q,"amount":%d,"currency":%q,"final":true}`,
		p.name, c.reference, c.amount, p.currency)
	answered := 0
	for tries := 0; answered < c.reports && tries < maxReports; tries++ {
		status := m.do(http.MethodPost, "/v1/bookings/"+string(c.booking)+"/payment", body)
		if unknown(status) || status == http.StatusTooManyRequests {
			time.Sleep(failurePause)
			continue
		}
		var answer struct{ Outcome string }
		readable := status == http.StatusOK && json.Unmarshal(m.response.Body(), &answer) == nil
		if !readable || answered > 0 && c.outcome != answer.Outcome {
			p.addFault("the report of %s was answered with %d %.80s, and with %q before", c.reference, status,
				m.response.Body(), c.outcome)
			return
		}
		c.outcome = answer.Outcome
		answered++
	}
	if answered < c.reports {
		p.addFault("report %d of %d of %s got no answer", answered+1, c.reports, c.reference)
	}
}

func (p *provider) addFault(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
}

// owedRefund is an owed refund, as listed by the server.
type owedRefund struct {
	ID, Reference, Currency string
	Provider                events.Provider
	Amount                  int64
}

// payBack pays all owed refunds and reports their settlement.
func (p *provider) payBack(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	var owed []owedRefund
	m := crowd.members[0]
	for cursor := ""; ctx.Err() == nil; {
		var page struct {
			Items []owedRefund
			Next  *string
		}
		if !m.get("/v1/refunds?status=owed&limit=500"+cursor, &page) {
			p.addFault("the refunds can't be read: %.80s", m.response.Body())
			return
		}
		for _, r := range page.Items {
			if r.Provider == p.name {
				owed = append(owed, r)
			}
		}
		if page.Next == nil {
			break
		}
		cursor = "&cursor=" + *page.Next
	}
	crowd.share(ctx, bar, "paying back", len(owed), func(m *member, n int) { p.settle(m, &owed[n]) })
}

// settle pays one refund and reports its settlement.
func (p *provider) settle(m *member, r *owedRefund) {
	p.mu.Lock()
	c := p.ledger[r.Reference]
	if c != nil {
		c.refunded += r.Amount
	}
	p.mu.Unlock()
	if c == nil || r.Currency != p.currency {
		p.addFault("%d %s are owed of %s, which was never taken", r.Amount, r.Currency, r.Reference)
		return
	}
	body := fmt.Appendf(nil, `{"reference":"back-%s"}`, r.ID)
	for range maxReports {
		switch status := m.do(http.MethodPost, "/v1/refunds/"+r.ID+"/settlement", body); {
		case unknown(status) || status == http.StatusTooManyRequests:
			time.Sleep(failurePause)
		case status == http.StatusOK:
			return
		default:
			p.addFault("the settlement of %s was answered with %d %.80s", r.ID, status, m.response.Body())
			return
		}
	}
	p.addFault("the settlement of %s got no answer", r.ID)
}
