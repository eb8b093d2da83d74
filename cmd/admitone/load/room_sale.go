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

// sale records the answers to the visitors' purchases.
type sale struct {
	mu      sync.Mutex
	bought  []purchase // guarded by mu
	unknown int64      // purchases without an answer; guarded by mu
	refused int64      // attempts with no pass, or with another visitor's; guarded by mu
}

// purchase is an acknowledged purchase.
type purchase struct {
	ID     events.ReservationID `json:"id"`
	Holder events.Holder        `json:"holder"`
}

// reserve reserves the product guarded by the room, and returns the status.
func (w *waitingRoomScenario) reserve(m *member, holder events.Holder, pass string) int {
	if pass != "" {
		m.request.Header.Set("Admission-Pass", pass)
		defer m.request.Header.Del("Admission-Pass")
	}
	return m.do(http.MethodPost, "/v1/products/"+string(w.room)+"/reservations", fmt.Appendf(nil, `{"holder":%q}`, holder))
}

// buy buys with the visitor's pass.
func (w *waitingRoomScenario) buy(m *member, q *queuingVisitor) {
	status := w.reserve(m, q.holder, q.stay.Pass)
	var bought purchase
	readable := status == http.StatusCreated && json.Unmarshal(m.response.Body(), &bought) == nil && bought.ID != ""
	w.sale.mu.Lock()
	defer w.sale.mu.Unlock()
	q.done = true
	switch {
	case readable:
		w.sale.bought = append(w.sale.bought, bought)
	case unknown(status):
		w.sale.unknown++
	case status == http.StatusTooManyRequests:
		q.done = false
		q.retryLater(m)
	case status != http.StatusForbidden || time.Now().Before(q.stay.ExpiresAt):
		q.stay.wrong = fmt.Sprintf("the pass of ticket %d was answered %d %s", q.stay.Ticket, status,
			codeOf(m.response.Body()))
	}
}

// reserveWithoutPass tries to buy without a pass, or with another visitor's.
func (w *waitingRoomScenario) reserveWithoutPass(m *member, q *queuingVisitor, holder events.Holder, pass string) {
	status := w.reserve(m, holder, pass)
	w.sale.mu.Lock()
	defer w.sale.mu.Unlock()
	switch status {
	case http.StatusForbidden:
		w.sale.refused++
	case http.StatusCreated:
		q.stay.wrong = fmt.Sprintf("%s bought without a pass", holder)
	}
}

// checkSale checks the purchases in the log against the admissions in the log, and against the answers.
func (p *WaitingRoomProof) checkSale(ctx context.Context, server *remote.Log, w *waitingRoomScenario,
	room *recordedRoom) error {
	passes := map[events.Holder][]*recordedVisitor{}
	for i := range room.visitors {
		if v := &room.visitors[i]; v.admitted > 0 {
			passes[v.holder] = append(passes[v.holder], v)
		}
	}
	sold := map[events.ReservationID]events.Holder{} // the holder of each purchase
	for e, err := range events.Stream(ctx, server, product.Stream(events.ProductID(w.room)), 0) {
		if err != nil {
			return err
		}
		fact, err := e.Decode()
		if err != nil {
			p.add("%v", err)
			return nil
		}
		if f, ok := fact.(*events.ProductReserved); ok {
			sold[f.ReservationID] = f.Holder
			if !hadPass(passes[f.Holder], &e) {
				p.add("%s bought at position %d without a pass", f.Holder, e.Position)
			}
		}
	}
	p.Bought, p.Refused = int64(len(sold)), w.sale.refused
	seen := map[events.ReservationID]bool{}
	for _, b := range w.sale.bought {
		if holder, ok := sold[b.ID]; !ok || holder != b.Holder || seen[b.ID] {
			p.add("the purchase %s of %s was acknowledged, but is not in the log exactly once", b.ID, b.Holder)
		}
		seen[b.ID] = true
	}
	if unacknowledged := p.Bought - int64(len(seen)); unacknowledged > w.sale.unknown {
		p.add("%d purchases in the log were not acknowledged, and only %d outcomes are unknown", unacknowledged,
			w.sale.unknown)
	}
	return nil
}

// hadPass reports whether one of a holder's passes was valid for a purchase. It tolerates waitingRoomOverstay
// between the check of the pass and the record of the purchase.
func hadPass(passes []*recordedVisitor, e *events.Recorded) bool {
	for _, v := range passes {
		if v.admitted < e.Position && e.Created.Before(v.until.Add(waitingRoomOverstay)) {
			return true
		}
	}
	return false
}
