package live

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// frameChecker is a subscriber of a product's topic, which checks that no frame is missing and that
// the changes add up.
type frameChecker struct {
	frames    []*Frame
	position  events.Position
	remaining int64
	wrong     []string
}

func (w *frameChecker) Deliver(f *Frame) {
	product := f.Row().(row.Product)
	if d, ok := f.Delta.(*ProductDelta); ok {
		if f.Previous != w.position || w.remaining+d.Change != product.Remaining() {
			w.wrong = append(w.wrong, fmt.Sprintf("the subscriber at %d with %d remaining got %s", w.position, w.remaining,
				f.Bytes()))
		}
	}
	w.position, w.remaining, w.frames = f.Position, product.Remaining(), append(w.frames, f)
}

// TestFramesArePaced: between two frames of a topic there is a pause, during which changes are merged. The last change
// is sent too.
func TestFramesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := NewTopics("product", nil)
		product := row.Product{ID: "a", Stock: 100}
		topic := &Topic{group: group, id: "a", name: "product:a", every: 20 * time.Millisecond, state: ProductTopics.State(product),
			position: 1}
		var inbox []any
		var mu sync.Mutex
		topic.send = func(msg any) { mu.Lock(); inbox = append(inbox, msg); mu.Unlock() }
		receive := func() (n int) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			for _, msg := range inbox {
				topic.receive(msg)
			}
			n, inbox = len(inbox), nil
			return n
		}
		w := &frameChecker{}
		topic.receive(join{member: &Subscription{topic: topic, to: w}})
		sell := func() {
			product.Sold++
			product.Position++
			topic.Change(product.Position+1, &ProductDelta{topics: ProductTopics, After: product, Change: -1,
				Cause: CauseReserved})
			group.publish()
		}
		sell()
		if receive() != 1 || w.remaining != 99 {
			t.Errorf("after the first change the subscriber has %d remaining, want 99 immediately", w.remaining)
		}
		for range 10 {
			sell()
		}
		if receive() != 0 {
			t.Error("a change was sent during the pause")
		}
		time.Sleep(20 * time.Millisecond)
		if receive() != 1 || len(w.frames) != 3 || w.remaining != 89 || w.wrong != nil {
			t.Errorf("after the pause: %d frames, remaining = %d, %v; want 3 and 89", len(w.frames), w.remaining, w.wrong)
		}
		sell()
		late := &frameChecker{}
		topic.receive(join{member: &Subscription{topic: topic, to: late}})
		if late.remaining != 88 || w.remaining != 88 || w.wrong != nil {
			t.Errorf("a subscriber that joins in the pause has %d remaining, the other %d, %v; want 88", late.remaining,
				w.remaining, w.wrong)
		}
		time.Sleep(20 * time.Millisecond)
		sell()
		receive()
		topic.stop = func() {}
		sell() // waits for the pause to end
		topic.end()
		time.Sleep(time.Second)
		if receive() != 0 {
			t.Error("a message was sent after the topic ended")
		}
	})
}
