package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"admitone/actors"
	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

const (
	maxRequests = 50_000_000
	// productHold is the duration of holds in seconds, longer than any run, so that none expires.
	productHold = 3600
)

// productScenario is a load in which all members reserve the same product.
type productScenario struct {
	requests int64
	duration time.Duration
	stock    int64
	holds    float64

	product  string // the id of the product that the run creates
	sent     atomic.Int64
	deadline time.Time // zero without one
	buyers   []buyer   // by number in the crowd
}

// buyer has the answers that one member of the crowd received.
type buyer struct {
	reservations []reservation // acknowledged
	unknown      int64         // requests with an unknown outcome
	unreadable   int64         // acknowledgements without a reservation
}

// reservation is an acknowledged reservation with the status in its last answer, "" if unknown.
type reservation struct {
	id     events.ID
	status events.ReservationStatus
}

func (c *productScenario) Flags(f *pflag.FlagSet) {
	f.Int64Var(&c.requests, "requests", 100_000, "hot-product: number of requests; unlimited with --duration")
	f.DurationVar(&c.duration, "duration", 0, "hot-product: duration of the requests")
	f.Int64Var(&c.stock, "stock", 50_000, "hot-product: number of units; ample with --duration")
	f.Float64Var(&c.holds, "holds", 0, "hot-product: share of the reservations that are holds first, 0 to 1")
}

func (c *productScenario) Check(given func(flag string) bool) error {
	switch {
	case c.requests < 1 || c.requests > maxRequests:
		return usage.Errorf("--requests is from 1 to %d", maxRequests)
	case c.duration < 0 || c.duration > maxDuration:
		return usage.Errorf("--duration is up to %s", maxDuration)
	case c.stock < 0 || c.stock > 1_000_000_000:
		return usage.Errorf("--stock is from 0 to 1000000000")
	case !(c.holds >= 0 && c.holds <= 1):
		return usage.Errorf("--holds is a share, from 0 to 1")
	}
	if c.duration > 0 && !given("requests") {
		c.requests = maxRequests
	}
	if c.duration > 0 && !given("stock") {
		c.stock = maxRequests // enough for the whole run
	}
	return nil
}

func (c *productScenario) prepare(ctx context.Context, server *remote.Log, crowd *crowd, _ *progress.Bar) error {
	c.product, c.buyers = "load-"+actors.NewID().String(), make([]buyer, len(crowd.members))
	body := fmt.Sprintf(`{"id":%q,"name":"Load: hot product","stock":%d,"hold_seconds":%d}`, c.product, c.stock,
		productHold)
	var created struct{ ID string }
	return server.CallWithRetry(ctx, http.MethodPost, "/v1/products", body, &created)
}

func (c *productScenario) act(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	if c.duration > 0 {
		c.deadline = time.Now().Add(c.duration)
	}
	crowd.each(bar, "reserving", func(m *member) { c.buy(ctx, m, &c.buyers[m.number]) })
}

func (c *productScenario) tidy(ctx context.Context, server *remote.Log, crowd *crowd,
	bar *progress.Bar) (remaining string, err error) {
	var held []events.ID
	for i := range c.buyers {
		for _, r := range c.buyers[i].reservations {
			if r.status == events.ReservationHeld || r.status == "" {
				held = append(held, r.id)
			}
		}
	}
	crowd.share(ctx, bar, "giving holds back", len(held), func(m *member, n int) {
		m.do(http.MethodDelete, "/v1/products/"+c.product+"/reservations/"+held[n].String(), nil)
	})
	return "product " + c.product + " remains, with no units left", sellOut(ctx, server, events.ProductID(c.product))
}

func (c *productScenario) outcome() (about string, acknowledged int64) {
	for i := range c.buyers {
		acknowledged += int64(len(c.buyers[i].reservations))
	}
	return "product " + c.product, acknowledged
}

// buy sends the reservations of a member, one after another.
func (c *productScenario) buy(ctx context.Context, m *member, b *buyer) {
	path := "/v1/products/" + c.product + "/reservations"
	var body []byte
	for m.active(ctx) && (c.deadline.IsZero() || time.Now().Before(c.deadline)) {
		n := c.sent.Add(1)
		if n > c.requests {
			return
		}
		// Holds are evenly spread over the requests.
		hold := int64(float64(n)*c.holds) != int64(float64(n-1)*c.holds)
		body = append(body[:0], `{"holder":"buyer-`...)
		body = strconv.AppendInt(body, n, 10)
		body = append(body, `","hold":`...)
		body = append(strconv.AppendBool(body, hold), '}')
		switch status := m.do(http.MethodPost, path, body); {
		case status == http.StatusCreated:
			b.addReservation(m, path, n, hold)
		case unknown(status):
			b.unknown++
		}
	}
}

// addReservation records an acknowledged reservation. It confirms a third of the holds and releases
// another third.
func (b *buyer) addReservation(m *member, path string, n int64, hold bool) {
	id, ok := reservationID(m.response.Body())
	if !ok {
		b.unreadable++
		return
	}
	r := reservation{id, events.ReservationConfirmed}
	if hold {
		r.status = events.ReservationHeld
		method, path, then := http.MethodPost, path+"/"+id.String(), events.ReservationConfirmed
		switch n % 3 {
		case 0:
			path += "/confirm"
		case 1:
			method, then = http.MethodDelete, events.ReservationReleased
		default:
			then = ""
		}
		if then != "" {
			switch status := m.do(method, path, nil); {
			case status == http.StatusOK:
				r.status = then
			case unknown(status):
				r.status = ""
			}
		}
	}
	b.reservations = append(b.reservations, r)
}

// reservationID returns the id in an answer. It looks at the beginning first, where the server puts
// the id, to save CPU on the measured machine.
func reservationID(body []byte) (events.ID, bool) {
	const prefix = `{"id":"`
	if bytes.HasPrefix(body, []byte(prefix)) && len(body) >= len(prefix)+36 {
		if id, err := events.ParseID(string(body[len(prefix) : len(prefix)+36])); err == nil {
			return id, true
		}
	}
	var answer struct{ ID string }
	if json.Unmarshal(body, &answer) != nil {
		return events.ID{}, false
	}
	id, err := events.ParseID(answer.ID)
	return id, err == nil
}
