package load

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"admitone/actors"
	"admitone/actors/seat"
	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

const (
	maxPeople        = 100_000
	maxSeatHold      = 300
	maxScenarioSeats = 100_000
	seatsSections    = 2
	seatsPrice       = 5000 // of a seat, in minor units
	seatsLimit       = 6    // maximum number of seats per holder
	seatsHighBalance = 2 * seatsLimit * seatsPrice / 3
	seatsLowBalance  = seatsPrice - 1
	seatsPoll        = 200 * time.Millisecond
	seatsOverstay    = 30 * time.Second
)

// seatsScenario is a load in which a crowd books seats, mostly near the front. Most holders then
// pay, some extend the hold first, some release the booking, some pay after the hold has expired,
// and some do nothing.
type seatsScenario struct {
	people, rows, perRow, holdSeconds int

	performance  string          // its id
	since        events.Position // the log's position before the performance
	charged      atomic.Int64    // the sum of the acknowledged charges
	paidLate     atomic.Int64
	mu           sync.Mutex
	acknowledged []*booked // guarded by mu
	late         []*booked // to be paid after the hold has expired; guarded by mu
	unknown      int64     // bookings without an answer; guarded by mu
	unreadable   int64     // acknowledgements without a booking; guarded by mu
}

// booked is an acknowledged booking. One member of the crowd at a time writes to it.
type booked struct {
	ID        events.BookingID  `json:"id"`
	Holder    events.Holder     `json:"holder"`
	Seats     []events.SeatName `json:"seats"`
	Amount    int64             `json:"amount"`
	ExpiresAt time.Time         `json:"expires_at"`
	// Status is the status in the last answer, "" if unknown.
	Status events.BookingStatus `json:"status"`
}

func (c *seatsScenario) Flags(f *pflag.FlagSet) {
	f.IntVar(&c.people, "people", 2000, "seats: number of people")
	f.IntVar(&c.rows, "rows", 20, "seats: number of rows of each of the two sections")
	f.IntVar(&c.perRow, "seats-per-row", 25, "seats: number of seats per row")
	f.IntVar(&c.holdSeconds, "hold-seconds", 5, "seats: how long a booking is held")
}

func (c *seatsScenario) Check(func(flag string) bool) error {
	switch {
	case c.people < 1 || c.people > maxPeople:
		return usage.Errorf("--people is from 1 to %d", maxPeople)
	case c.rows < 1 || c.perRow < 1 || c.rows > maxScenarioSeats || c.perRow > maxScenarioSeats/seatsSections/c.rows:
		return usage.Errorf("--rows and --seats-per-row are from 1, and make at most %d seats in two sections",
			maxScenarioSeats)
	case c.holdSeconds < 1 || c.holdSeconds > maxSeatHold:
		return usage.Errorf("--hold-seconds is from 1 to %d: the run waits for the end of the holds", maxSeatHold)
	}
	return nil
}

// holder returns the holder of person n, from 0. One in eight books twice under one name.
func (c *seatsScenario) holder(n int) events.Holder {
	if n%8 == 3 {
		n--
	}
	return events.Holder(c.performance + "-" + strconv.Itoa(n))
}

func (c *seatsScenario) path() string { return "/v1/performances/" + c.performance }

func (c *seatsScenario) prepare(ctx context.Context, server *remote.Log, crowd *crowd, bar *progress.Bar) error {
	c.performance = "load-" + actors.NewID().String()
	body := fmt.Sprintf(`{"id":%q,"title":"Load: concert","venue":"Hall","starts_at":"2999-01-01T20:00:00Z",
		"hold_seconds":%d,"limit_per_holder":%d,
		"sections":[{"id":"A","rows":%d,"seats_per_row":%d,"price":%[6]d},{"id":"B","rows":%[4]d,"seats_per_row":%[5]d,
			"price":%[6]d}]}`,
		c.performance, c.holdSeconds, seatsLimit, c.rows, c.perRow, seatsPrice)
	var created struct{ Position events.Position }
	if err := server.CallWithRetry(ctx, http.MethodPost, "/v1/performances", body, &created); err != nil {
		return err
	}
	c.since = created.Position - 1
	var filled atomic.Int64
	crowd.share(ctx, bar, "filling wallets", c.people, func(m *member, n int) {
		amount := int64(seatsHighBalance)
		if n%8 == 7 {
			amount = seatsLowBalance
		}
		path := "/v1/wallets/" + string(c.holder(n)) + "/charges"
		if m.do(http.MethodPost, path, fmt.Appendf(nil, `{"amount":%d}`, amount)) == http.StatusCreated {
			c.charged.Add(amount)
			filled.Add(1)
		}
	})
	if n := int(filled.Load()); n < c.people && ctx.Err() == nil {
		return fmt.Errorf("%w: only %d of %d wallets could be filled", events.ErrUnavailable, n, c.people)
	}
	return nil
}

func (c *seatsScenario) act(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	crowd.share(ctx, bar, "booking", c.people, c.visit)
	lastDeadline := time.Time{}
	for _, b := range c.late {
		if b.ExpiresAt.After(lastDeadline) {
			lastDeadline = b.ExpiresAt
		}
	}
	crowd.pause(ctx, bar, "waiting for holds to expire", time.Until(lastDeadline))
	crowd.share(ctx, bar, "paying late", len(c.late), func(m *member, n int) {
		if c.pay(m, c.late[n]); c.late[n].Status == events.BookingIsBooked {
			c.paidLate.Add(1)
		}
	})
	c.drain(ctx, crowd, bar)
}

// drain waits until no seat is held, but at most for the time in which a correct server ends all holds.
func (c *seatsScenario) drain(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	last := time.Now() // the last of all deadlines
	for _, b := range c.acknowledged {
		if b.ExpiresAt.After(last) {
			last = b.ExpiresAt
		}
	}
	m, until := crowd.members[0], last.Add(seat.Grace+seatsOverstay)
	for ctx.Err() == nil && time.Now().Before(until) {
		var now struct{ Held int64 }
		if m.get(c.path(), &now) && now.Held == 0 {
			return
		}
		crowd.pause(ctx, bar, fmt.Sprintf("%d seats are still held", now.Held), seatsPoll)
	}
}

// tidy implements [Scenario]: it releases the held bookings.
func (c *seatsScenario) tidy(ctx context.Context, _ *remote.Log, crowd *crowd,
	bar *progress.Bar) (remaining string, err error) {
	var held []events.BookingID
	for _, b := range c.acknowledged {
		if b.Status == events.BookingIsHeld || b.Status == "" {
			held = append(held, b.ID)
		}
	}
	crowd.share(ctx, bar, "giving seats back", len(held), func(m *member, n int) {
		m.do(http.MethodDelete, "/v1/bookings/"+string(held[n]), nil)
	})
	return fmt.Sprintf("performance %s remains, last in the list, and so do the wallets of its %d people; the API "+
		"ends neither", c.performance, c.people), nil
}

func (c *seatsScenario) outcome() (about string, acknowledged int64) {
	return fmt.Sprintf("performance %s, %d people for %d seats", c.performance, c.people, seatsSections*c.rows*c.perRow),
		int64(len(c.acknowledged))
}
