package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"admitone/actors"
	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

const (
	maxBuyers   = 100_000
	maxOpensIn  = 300
	salePrice   = 4700 // of a seat, in minor units
	salePoll    = 200 * time.Millisecond
	cancelLimit = 5 * time.Minute // for the cancellation of all bookings
)

// saleScenario is a sale that opens at a given time. Buyers pay at a simulated provider, which reports their
// payments in time, late, twice, with a wrong amount, or never. Then the performance is cancelled, the provider
// pays the owed refunds, and its ledger is compared with the log.
type saleScenario struct {
	buyers, seats, opensIn, holdSeconds int

	performance string          // its id
	since       events.Position // the log's position before the performance
	opensAt     time.Time
	provider    *provider
	mu          sync.Mutex
	booked      []*booked // guarded by mu while the crowd is buying
	unknown     int64     // bookings without an answer; guarded by mu
	callOff     callOffAnswer
}

// callOffAnswer is an answer with the progress of a cancellation.
type callOffAnswer struct {
	Status      string
	Count, Left int64
}

// Sale is a crowd that buys seats and pays for them at a provider, until the performance is cancelled.
func Sale() Scenario { return &saleScenario{} }

func (c *saleScenario) Flags(f *pflag.FlagSet) {
	f.IntVar(&c.buyers, "buyers", 2000, "sale: number of buyers")
	f.IntVar(&c.seats, "sale-seats", 1000, "sale: seats there are")
	f.IntVar(&c.opensIn, "opens-in", 2, "sale: seconds until it opens")
	f.IntVar(&c.holdSeconds, "sale-hold-seconds", 5, "sale: how long a booking is held")
}

func (c *saleScenario) Check(func(flag string) bool) error {
	switch {
	case c.buyers < 1 || c.buyers > maxBuyers:
		return usage.Errorf("--buyers is from 1 to %d", maxBuyers)
	case c.seats < 1 || c.seats > maxScenarioSeats:
		return usage.Errorf("--sale-seats is from 1 to %d", maxScenarioSeats)
	case c.opensIn < 1 || c.opensIn > maxOpensIn:
		return usage.Errorf("--opens-in is from 1 to %d seconds", maxOpensIn)
	case c.holdSeconds < 1 || c.holdSeconds > maxSeatHold:
		return usage.Errorf("--sale-hold-seconds is from 1 to %d: the run waits for the end of the holds", maxSeatHold)
	}
	return nil
}

func (c *saleScenario) path() string { return "/v1/performances/" + c.performance }

func (c *saleScenario) prepare(ctx context.Context, server *remote.Log, _ *crowd, _ *progress.Bar) error {
	var ready struct{ Currency string }
	if err := server.CallWithRetry(ctx, http.MethodGet, "/readyz", "", &ready); err != nil {
		return err
	}
	if _, known := events.CurrencyOf(ready.Currency); !known {
		return usage.Errorf("the server accepts no external payments: start it with --currency")
	}
	id := actors.NewID().String()
	c.performance = "load-" + id
	c.provider = newProvider(events.Provider("load-"+id[len(id)-12:]), ready.Currency)
	c.opensAt = time.Now().UTC().Add(time.Duration(c.opensIn) * time.Second).Truncate(time.Millisecond)
	body := fmt.Sprintf(`{"id":%q,"title":"Load: sale","venue":"Hall","starts_at":"2999-01-01T20:00:00Z","opens_at":%q,
		"hold_seconds":%d,"sections":[{"id":"A","rows":1,"seats_per_row":%d,"price":%d}]}`,
		c.performance, events.FormatTime(c.opensAt), c.holdSeconds, c.seats, salePrice)
	var created struct{ Position events.Position }
	if err := server.CallWithRetry(ctx, http.MethodPost, "/v1/performances", body, &created); err != nil {
		return err
	}
	c.since = created.Position - 1
	return nil
}

func (c *saleScenario) act(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	crowd.pause(ctx, bar, "waiting for the sale to open", time.Until(c.opensAt))
	crowd.share(ctx, bar, "buying", c.buyers, c.buy)
	c.provider.charge(c.booked)
	crowd.share(ctx, bar, "paying", len(c.provider.prompt), func(m *member, n int) {
		c.provider.report(m, c.provider.prompt[n])
	})
	lastDeadline := time.Now()
	for _, b := range c.booked {
		if b.ExpiresAt.After(lastDeadline) {
			lastDeadline = b.ExpiresAt
		}
	}
	crowd.pause(ctx, bar, "waiting for holds to expire", time.Until(lastDeadline))
	crowd.share(ctx, bar, "paying late", len(c.provider.late), func(m *member, n int) {
		c.provider.report(m, c.provider.late[n])
	})
	c.cancel(ctx, crowd, bar)
	c.provider.payBack(ctx, crowd, bar)
}

// buy books the best available seat.
func (c *saleScenario) buy(m *member, n int) {
	body := fmt.Appendf(nil, `{"holder":"%s-%d","best_available":{"quantity":1}}`, c.performance, n)
	status := m.do(http.MethodPost, c.path()+"/bookings", body)
	b := &booked{}
	readable := status == http.StatusCreated && json.Unmarshal(m.response.Body(), b) == nil && b.ID != ""
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case readable:
		c.booked = append(c.booked, b)
	case unknown(status):
		c.unknown++
	}
}

// cancel cancels the performance, and waits until the cancellation is done.
func (c *saleScenario) cancel(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	m := crowd.members[0]
	until := time.Now().Add(cancelLimit)
	path, body := c.path()+"/cancellation?limit=1", []byte(`{"reason":"the load is over"}`)
	for m.do(http.MethodPost, path, body) != http.StatusAccepted {
		if ctx.Err() != nil || time.Now().After(until) {
			return
		}
		crowd.pause(ctx, bar, "cancelling", salePoll)
	}
	for ctx.Err() == nil && time.Now().Before(until) {
		if m.get(path, &c.callOff) && c.callOff.Status == "done" && c.callOff.Left == 0 {
			return
		}
		crowd.pause(ctx, bar, fmt.Sprintf("%d bookings are not ended yet", c.callOff.Left), salePoll)
	}
}

// tidy implements [Scenario]. The cancellation has already ended all bookings.
func (c *saleScenario) tidy(context.Context, *remote.Log, *crowd, *progress.Bar) (remaining string, err error) {
	return "performance " + c.performance + " stays, cancelled", nil
}

func (c *saleScenario) outcome() (about string, acknowledged int64) {
	return fmt.Sprintf("performance %s, %d people for %d seats", c.performance, c.buyers, c.seats), int64(len(c.booked))
}
