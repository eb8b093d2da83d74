package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"admitone/actors/product"
	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// sale is what the visitors of a line were told about what they came for.
type sale struct {
	mu      sync.Mutex
	bought  []purchase // guarded by mu
	unknown int64      // purchases whose answer did not come; guarded by mu
	refused int64      // attempts without a pass of one's own; guarded by mu
}

// purchase is one that was acknowledged, or is in the log.
type purchase struct {
	ID     string `json:"id"`
	Holder string `json:"holder"`
}

// reserve asks for what the room is the way to, and returns the answer's status.
func (l *lineUp) reserve(m *member, holder, pass string) int {
	if pass != "" {
		m.request.Header.Set("Admission-Pass", pass)
		defer m.request.Header.Del("Admission-Pass")
	}
	return m.do(http.MethodPost, "/v1/products/"+l.room+"/reservations", fmt.Appendf(nil, `{"holder":%q}`, holder))
}

// buy buys with the person's pass.
func (l *lineUp) buy(m *member, q *queuer) {
	status := l.reserve(m, q.holder, q.stay.Pass)
	var made purchase
	readable := status == http.StatusCreated && json.Unmarshal(m.response.Body(), &made) == nil && made.ID != ""
	l.sale.mu.Lock()
	defer l.sale.mu.Unlock()
	q.done = true
	switch {
	case readable:
		l.sale.bought = append(l.sale.bought, made)
	case unknown(status):
		l.sale.unknown++
	case status == http.StatusTooManyRequests:
		q.done = false
		q.failing(m)
	case status != http.StatusForbidden || time.Now().Before(q.stay.ExpiresAt):
		q.stay.wrong = fmt.Sprintf("the pass of ticket %d was answered %d %s", q.stay.Ticket, status, codeOf(m.response.Body()))
	}
}

// cheat tries to buy without a pass, or with one that somebody else was given.
func (l *lineUp) cheat(m *member, q *queuer, holder, pass string) {
	status := l.reserve(m, holder, pass)
	l.sale.mu.Lock()
	defer l.sale.mu.Unlock()
	switch status {
	case http.StatusForbidden:
		l.sale.refused++
	case http.StatusCreated:
		q.stay.wrong = fmt.Sprintf("%s has bought, and has no pass", holder)
	}
}

// checkSale reads back what was sold: to whom the log had let in by then, and what was
// acknowledged.
func (p *LineUpProof) checkSale(ctx context.Context, server *remote.Log, l *lineUp, room *recordedRoom) error {
	passes := map[string][]*recordedVisitor{} // of each holder
	for i := range room.visitors {
		if v := &room.visitors[i]; v.admitted > 0 {
			passes[v.holder] = append(passes[v.holder], v)
		}
	}
	sold := map[string]string{} // of each purchase, the holder
	for e, err := range events.Stream(ctx, server, product.Stream(l.room), 0) {
		if err != nil {
			return err
		}
		fact, err := e.Decode()
		if err != nil {
			p.wrong("%v", err)
			return nil
		}
		if f, ok := fact.(*events.ProductReserved); ok {
			sold[f.ReservationID] = f.Holder
			if !hadPass(passes[f.Holder], &e) {
				p.wrong("%s bought at position %d, and had no pass then", f.Holder, e.Position)
			}
		}
	}
	p.Bought, p.Refused = int64(len(sold)), l.sale.refused
	heard := map[string]bool{}
	for _, b := range l.sale.bought {
		if holder, ok := sold[b.ID]; !ok || holder != b.Holder || heard[b.ID] {
			p.wrong("the purchase %s of %s was acknowledged, and is not in the log once", b.ID, b.Holder)
		}
		heard[b.ID] = true
	}
	if unheard := p.Bought - int64(len(heard)); unheard > l.sale.unknown {
		p.wrong("%d purchases in the log were not acknowledged, and only %d outcomes are unknown", unheard, l.sale.unknown)
	}
	return nil
}

// hadPass says whether one of a holder's passes was good for a purchase. When it was
// looked at is a little earlier than when the purchase was recorded.
func hadPass(passes []*recordedVisitor, e *events.Recorded) bool {
	for _, v := range passes {
		if v.admitted < e.Position && e.Created.Before(v.until.Add(lineUpOverstays)) {
			return true
		}
	}
	return false
}
