package api

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/api/webhooks/webhooktest"
	"admitone/events"
)

// withDeliveries enables deliveries to webhooks.
func withDeliveries(w *harness) { w.delivers = true }

// createWebhook creates a webhook, and returns its secret.
func (w *harness) createWebhook(id, url, types string) string {
	w.t.Helper()
	body := fmt.Sprintf(`{"id":%q,"url":%q}`, id, url)
	if types != "" {
		body = fmt.Sprintf(`{"id":%q,"url":%q,"types":%s}`, id, url, types)
	}
	return w.do("POST", "/v1/webhooks", body).is(201)["secret"].(string)
}

// sell creates products and sells a number of units of them, one after another.
func (w *harness) sell(products, units int) {
	w.t.Helper()
	for p := range products {
		w.do("POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"P","stock":1000000}`, p))
	}
	for sold := 0; sold < units; {
		var commands []string
		for ; sold < units && len(commands) < 500; sold++ {
			commands = append(commands, fmt.Sprintf(
				`{"method":"POST","path":"/v1/products/p%d/reservations","body":{"holder":"h"}}`, sold%products))
		}
		w.do("POST", "/v1/batch", `{"commands":[`+strings.Join(commands, ",")+`]}`).is(200)
	}
}

// deliverable returns the deliverable events of the log after a position.
func (w *harness) deliverable(after events.Position) (all []events.Recorded) {
	w.t.Helper()
	for e, err := range events.All(context.Background(), w.store, after) {
		w.must(err)
		if !events.Bookkeeping(e.Stream, e.Type) {
			all = append(all, e)
		}
	}
	return all
}

// deliveries is the number of events in a test of deliveries: few, or ADMITONE_WEBHOOK_EVENTS,
// which `task soak` sets.
func deliveries(few int) int {
	if count, err := strconv.Atoi(os.Getenv("ADMITONE_WEBHOOK_EVENTS")); err == nil {
		return count
	}
	return few
}

// TestWebhookDeliveries: although the receiver often fails, hangs, redirects to a forbidden address and is down for
// a while, each event arrives signed, in the order of its stream, and as in the log.
func TestWebhookDeliveries(t *testing.T) {
	w := newHarness(t, withDeliveries)
	var downUntil atomic.Int64 // in Unix nanoseconds
	var attempts sync.Map      // *atomic.Int64 by event id
	receiver := webhooktest.NewReceiver(t, func(rw http.ResponseWriter, n int, d *webhooktest.Delivery) int {
		if n == 200 {
			downUntil.Store(time.Now().Add(300 * time.Millisecond).UnixNano())
		}
		count, _ := attempts.LoadOrStore(d.ID(), new(atomic.Int64))
		attempt := count.(*atomic.Int64).Add(1)
		switch {
		case time.Now().UnixNano() < downUntil.Load():
			panic(http.ErrAbortHandler) // the connection breaks
		case attempt > 4:
			return http.StatusOK // further delays would be too long for a test
		case n == 50 || n == 51:
			time.Sleep(1500 * time.Millisecond) // longer than the answer timeout
		case n%7 == 0:
			rw.Header().Set("Location", "http://169.254.169.254/latest")
			return http.StatusTemporaryRedirect
		case n%2 == 0:
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	secret := w.createWebhook("w", receiver.URL(), "")
	w.sell(100, deliveries(400))
	want := w.deliverable(0)
	receiver.Await(len(want), patience)
	receiver.CheckOrder(want)
	head := want[len(want)-1].Position
	is := w.hookState("w", func(is map[string]any) bool { return is["reached"].(float64) >= float64(head) })
	if is["failing_since"] != nil || is["status"] != "enabled" {
		t.Errorf("in the end the webhook is %v; want failing_since = nil, status = enabled", is)
	}
	webhooktest.Verify(t, secret, receiver.All())
	t.Logf("%d events, %d deliveries", len(want), len(receiver.All()))
}

// TestWebhookSlowReceiver: receivers that never answer, and unreachable ones, do not delay another
// webhook: it receives everything before any of them has received anything.
func TestWebhookSlowReceiver(t *testing.T) {
	w := newHarness(t, withDeliveries)
	var answers atomic.Bool
	slow := webhooktest.NewReceiver(t, func(http.ResponseWriter, int, *webhooktest.Delivery) int {
		if answers.Load() {
			return http.StatusOK
		}
		time.Sleep(2 * time.Second)
		return http.StatusServiceUnavailable
	})
	quick := webhooktest.NewReceiver(t, nil)
	w.createWebhook("dead", "http://127.0.0.1:1/", "")
	w.createWebhook("slow", slow.URL(), "")
	w.createWebhook("quick", quick.URL(), "")
	w.sell(5, 300)
	want := w.deliverable(0)
	quick.Await(len(want), patience)
	if taken := slow.Accepted(); len(taken) > 0 {
		t.Errorf("the slow receiver has accepted %d deliveries, want none", len(taken))
	}
	quick.CheckOrder(want)
	answers.Store(true)
	slow.Await(len(want), patience)
	slow.CheckOrder(want)
	is := w.hookState("dead", func(is map[string]any) bool { return is["failing_since"] != nil })
	if is["last_error"] != "it refused the connection" || is["status"] != "enabled" {
		t.Errorf("the unreachable webhook is %v; want last_error = it refused the connection, status = enabled", is)
	}
}

// TestWebhookGone: 410 disables a webhook; once enabled it resumes where it was.
func TestWebhookGone(t *testing.T) {
	w := newHarness(t, withDeliveries)
	deleted := atomic.Bool{}
	receiver := webhooktest.NewReceiver(t, func(_ http.ResponseWriter, _ int, _ *webhooktest.Delivery) int {
		if deleted.Load() {
			return http.StatusGone
		}
		return http.StatusOK
	})
	secret := w.createWebhook("w", receiver.URL(), "")
	w.sell(2, 10)
	receiver.Await(len(w.deliverable(0)), patience)
	deleted.Store(true)
	w.sell(2, 10)
	is := w.hookState("w", func(is map[string]any) bool { return is["status"] == "disabled" })
	if is["disabled_because"] != "gone" || is["failing_since"] == nil || is["last_error"] != "it answered 410" ||
		is["next_at"] != nil {
		t.Errorf("got %v; want disabled_because = gone, a failing_since, last_error = it answered 410, no next_at",
			is)
	}
	before := len(receiver.All())
	w.sell(2, 10)
	deleted.Store(false)
	if now := len(receiver.All()); now != before {
		t.Errorf("got %d deliveries after the webhook was disabled, want none", now-before)
	}
	w.do("PATCH", "/v1/webhooks/w", `{"status":"enabled"}`, "If-Match", fmt.Sprintf(`"%v"`, is["revision"])).is(200)
	want := w.deliverable(0)
	receiver.Await(len(want), patience)
	receiver.CheckOrder(want)
	webhooktest.Verify(t, secret, receiver.All())
}

// TestWebhookReplay: a replay from a position repeats exactly the events from there on, including
// those from before the webhook was created.
func TestWebhookReplay(t *testing.T) {
	w := newHarness(t, withDeliveries)
	w.sell(3, 10)
	old := w.deliverable(0)
	receiver := webhooktest.NewReceiver(t, nil)
	w.createWebhook("w", receiver.URL(), `["product.reserved.v1"]`)
	w.sell(3, 20)
	want := slices.DeleteFunc(w.deliverable(0), func(e events.Recorded) bool { return e.Type != "product.reserved.v1" })
	receiver.Await(20, patience)
	receiver.CheckOrder(want[10:])
	w.hookState("w", func(is map[string]any) bool { return is["reached"].(float64) >= float64(want[29].Position) })

	w.do("POST", "/v1/webhooks/w/replay", fmt.Sprintf(`{"from":%d}`, want[15].Position)).is(200)
	w.hookState("w", func(is map[string]any) bool { return is["reached"].(float64) >= float64(want[29].Position) })
	repeated := receiver.All()[20:]
	if len(repeated) != 15 {
		t.Fatalf("repeated deliveries = %d, want 15", len(repeated))
	}
	bodies := map[string]string{}
	for _, d := range receiver.All()[:20] {
		bodies[d.ID()] = string(d.Body)
	}
	for _, d := range repeated {
		if bodies[d.ID()] != string(d.Body) {
			t.Errorf("%s: got %s, want %s", d.ID(), d.Body, bodies[d.ID()])
		}
	}
	// A new webhook delivers no earlier events; a replay does.
	w.do("POST", "/v1/webhooks/w/replay", fmt.Sprintf(`{"from":%d}`, old[0].Position)).is(200)
	receiver.Await(30, patience)
	receiver.CheckBodies(want)
}

// TestWebhookEdits: deliveries with other types, a different address and a different secret continue
// without a gap, and internal events are never delivered.
func TestWebhookEdits(t *testing.T) {
	w := newHarness(t, withDeliveries)
	first, second := webhooktest.NewReceiver(t, nil), webhooktest.NewReceiver(t, nil)
	old := w.createWebhook("w", first.URL(), `["product.created.v2"]`)
	w.sell(2, 10)
	first.Await(2, patience)
	w.do("PUT", "/v1/waiting-rooms/room", newRoom).is(201)
	reached := w.hookState("w", func(is map[string]any) bool { return is["reached"].(float64) > 2 })["reached"].(float64)
	edit := fmt.Sprintf(`{"url":%q,"types":null}`, second.URL())
	w.do("PATCH", "/v1/webhooks/w", edit, "If-Match", `"0"`).is(200)
	changed := w.do("POST", "/v1/webhooks/w/secret", "")
	secret := changed.is(200)["secret"].(string)
	if got := changed.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("of an answer with a secret: got Cache-Control = %q, want no-store", got)
	}
	w.sell(2, 10)
	end := w.deliverable(0)
	head := float64(end[len(end)-1].Position)
	w.hookState("w", func(is map[string]any) bool { return is["reached"].(float64) >= head })
	second.CheckOrder(w.deliverable(events.Position(reached)))
	if n := len(first.All()); n != 2 {
		t.Errorf("%d events went to the first address, want 2", n)
	}
	all := second.All()
	webhooktest.Verify(t, old, all)
	webhooktest.Verify(t, secret, all[len(all)-1:])
	if result := w.do("POST", "/v1/webhooks/w/test", "").is(200); result["delivered"] != true || result["status"] != 204.0 {
		t.Errorf("the test: %v; want delivered = true, status = 204", result)
	}
	if all := second.All(); all[len(all)-1].Event.Type != "webhook.test.v1" {
		t.Errorf("the test delivered %s, want a webhook.test.v1", all[len(all)-1].Body)
	}
	w.do("DELETE", "/v1/webhooks/w", "").is(200)
	before := len(second.All())
	w.sell(2, 10)
	third := webhooktest.NewReceiver(t, nil)
	w.createWebhook("x", third.URL(), "")
	w.sell(2, 1)
	third.Await(1, patience)
	if n := len(second.All()); n != before {
		t.Errorf("got %d deliveries after the webhook was deleted, want none", n-before)
	}
}

// TestWebhookTestOfHanging: a test delivery has the timeout of other deliveries, and its result is answered.
func TestWebhookTestOfHanging(t *testing.T) {
	t.Parallel() // it mostly waits
	w := newHarness(t, func(w *harness) { w.faster = 1 })
	hang := make(chan struct{})
	defer close(hang)
	receiver := webhooktest.NewReceiver(t, func(http.ResponseWriter, int, *webhooktest.Delivery) int {
		<-hang
		return http.StatusOK
	})
	w.createWebhook("w", receiver.URL(), "")
	result := w.do("POST", "/v1/webhooks/w/test", "").is(200)
	if result["delivered"] != false || result["error"] != "it did not answer within 10s" {
		t.Errorf("got %v; want delivered = false, error = it did not answer within 10s", result)
	}
}
