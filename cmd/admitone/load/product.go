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

// Bounds of what the rush may be asked for.
const (
	maxRequests = 50_000_000
	// rushHold is longer than any run, so that no hold runs out in one.
	rushHold = 3600
)

// rush is the scenario in which everybody wants the same product.
type rush struct {
	requests int64
	duration time.Duration
	stock    int64
	holds    float64

	product  string // the id of the crowd's own product
	asked    atomic.Int64
	deadline time.Time // zero without one
	buyers   []buyer   // by their numbers in the crowd
}

// buyer is what a member of the crowd was told.
type buyer struct {
	// tickets are the reservations that were acknowledged.
	tickets []ticket
	// unknown counts the reservations whose outcome is unknown, unreadable the
	// acknowledgements that name none.
	unknown, unreadable int64
}

// ticket is a reservation that was acknowledged, and where it must stand: "" if
// that is unknown.
type ticket struct {
	id     events.ID
	status events.ReservationStatus
}

func (c *rush) Flags(f *pflag.FlagSet) {
	f.Int64Var(&c.requests, "requests", 100_000, "hot-product: reservations to ask for; as many as fit with --duration")
	f.DurationVar(&c.duration, "duration", 0, "hot-product: stop asking after that long")
	f.Int64Var(&c.stock, "stock", 50_000, "hot-product: units there are; plenty with --duration")
	f.Float64Var(&c.holds, "holds", 0, "hot-product: share of the reservations that are holds first, 0 to 1")
}

func (c *rush) Check(given func(flag string) bool) error {
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
		c.stock = maxRequests // so that it lasts
	}
	return nil
}

func (c *rush) prepare(ctx context.Context, server *remote.Log, crowd *crowd, _ *progress.Bar) error {
	c.product, c.buyers = "load-"+actors.NewID().String(), make([]buyer, len(crowd.members))
	body := fmt.Sprintf(`{"id":%q,"name":"Load: hot product","stock":%d,"hold_seconds":%d}`, c.product, c.stock, rushHold)
	var created struct{ ID string }
	return server.Call(ctx, http.MethodPost, "/v1/products", body, &created)
}

func (c *rush) act(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	if c.duration > 0 {
		c.deadline = time.Now().Add(c.duration)
	}
	crowd.each(bar, "reserving", func(m *member) { c.buy(ctx, m, &c.buyers[m.number]) })
}

func (c *rush) outcome() (about string, acknowledged int64) {
	for i := range c.buyers {
		acknowledged += int64(len(c.buyers[i].tickets))
	}
	return "product " + c.product, acknowledged
}

// buy reserves one after the other.
func (c *rush) buy(ctx context.Context, m *member, b *buyer) {
	path := "/v1/products/" + c.product + "/reservations"
	var body []byte
	for m.stays(ctx) && (c.deadline.IsZero() || time.Now().Before(c.deadline)) {
		n := c.asked.Add(1)
		if n > c.requests {
			return
		}
		// Evenly spread over the requests.
		hold := int64(float64(n)*c.holds) != int64(float64(n-1)*c.holds)
		body = append(body[:0], `{"holder":"buyer-`...)
		body = strconv.AppendInt(body, n, 10)
		body = append(body, `","hold":`...)
		body = append(strconv.AppendBool(body, hold), '}')
		switch status := m.do(http.MethodPost, path, body); {
		case status == http.StatusCreated:
			b.reserved(m, path, n, hold)
		case unknown(status):
			b.unknown++
		}
	}
}

// reserved writes an acknowledgement down; a third of the holds is confirmed then,
// and a third given back.
func (b *buyer) reserved(m *member, path string, n int64, hold bool) {
	id, ok := reservationID(m.response.Body())
	if !ok {
		b.unreadable++
		return
	}
	t := ticket{id, events.ReservationConfirmed}
	if hold {
		t.status = events.ReservationHeld
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
				t.status = then
			case unknown(status):
				t.status = ""
			}
		}
	}
	b.tickets = append(b.tickets, t)
}

// reservationID reads the id of an answer. It looks at the beginning first, where
// the server has it: the crowd runs on the machine that it measures.
func reservationID(body []byte) (events.ID, bool) {
	const before = `{"id":"`
	if bytes.HasPrefix(body, []byte(before)) && len(body) >= len(before)+36 {
		if id, err := events.ParseID(string(body[len(before) : len(before)+36])); err == nil {
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
