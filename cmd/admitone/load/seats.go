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

// Bounds of what the concert may be asked for.
const (
	maxPeople        = 100_000
	maxSeatHold      = 300
	maxConcertSeats  = 100_000
	concertSections  = 2
	concertPrice     = 5000 // of a seat, in minor units
	concertLimit     = 6    // seats a holder may have
	concertRich      = 2 * concertLimit * concertPrice / 3
	concertPoor      = concertPrice - 1
	concertPoll      = 200 * time.Millisecond
	concertOverstays = 30 * time.Second
)

// concert is the scenario in which a crowd wants seats, most of it the front ones.
// Of those who get some most pay, some ask for more time first, some give their
// seats back, some pay when their time is over, and some never come back.
type concert struct {
	people, rows, perRow, holdSeconds int

	performance string          // its id
	since       events.Position // where the log stood before it
	charged     atomic.Int64    // that the wallets have been given
	paidLate    atomic.Int64
	mu          sync.Mutex
	told        []*booked // guarded by mu
	late        []*booked // those who pay when their time is over; guarded by mu
	unknown     int64     // bookings whose answer did not come; guarded by mu
	unreadable  int64     // acknowledgements that name no booking; guarded by mu
}

// booked is a booking that was acknowledged. One member of the crowd at a time
// writes to it.
type booked struct {
	ID        string    `json:"id"`
	Holder    string    `json:"holder"`
	Seats     []string  `json:"seats"`
	Amount    int64     `json:"amount"`
	ExpiresAt time.Time `json:"expires_at"`
	// Status is what its holder was told last, "" if that is unknown.
	Status events.BookingStatus `json:"status"`
}

func (c *concert) Flags(f *pflag.FlagSet) {
	f.IntVar(&c.people, "people", 2000, "seats: people who want some")
	f.IntVar(&c.rows, "rows", 20, "seats: rows of each of the two sections")
	f.IntVar(&c.perRow, "seats-per-row", 25, "seats: seats of each row")
	f.IntVar(&c.holdSeconds, "hold-seconds", 5, "seats: how long a booking is held")
}

func (c *concert) Check(func(flag string) bool) error {
	switch {
	case c.people < 1 || c.people > maxPeople:
		return usage.Errorf("--people is from 1 to %d", maxPeople)
	case c.rows < 1 || c.perRow < 1 || c.rows > maxConcertSeats || c.perRow > maxConcertSeats/concertSections/c.rows:
		return usage.Errorf("--rows and --seats-per-row are from 1, and make at most %d seats in two sections", maxConcertSeats)
	case c.holdSeconds < 1 || c.holdSeconds > maxSeatHold:
		return usage.Errorf("--hold-seconds is from 1 to %d: the end of the holds is waited for", maxSeatHold)
	}
	return nil
}

// holder of a person from 0. Every eighth orders a second time under one name.
func (c *concert) holder(n int) string {
	if n%8 == 3 {
		n--
	}
	return c.performance + "-" + strconv.Itoa(n)
}

func (c *concert) path() string { return "/v1/performances/" + c.performance }

func (c *concert) prepare(ctx context.Context, server *remote.Log, crowd *crowd, bar *progress.Bar) error {
	c.performance = "load-" + actors.NewID().String()
	body := fmt.Sprintf(`{"id":%q,"title":"Load: concert","venue":"Hall","starts_at":"2999-01-01T20:00:00Z","hold_seconds":%d,"limit_per_holder":%d,
		"sections":[{"id":"A","rows":%d,"seats_per_row":%d,"price":%[6]d},{"id":"B","rows":%[4]d,"seats_per_row":%[5]d,"price":%[6]d}]}`,
		c.performance, c.holdSeconds, concertLimit, c.rows, c.perRow, concertPrice)
	var created struct{ Position events.Position }
	if err := server.Call(ctx, http.MethodPost, "/v1/performances", body, &created); err != nil {
		return err
	}
	c.since = created.Position - 1
	var filled atomic.Int64
	crowd.share(ctx, bar, "filling wallets", c.people, func(m *member, n int) {
		amount := int64(concertRich)
		if n%8 == 7 {
			amount = concertPoor
		}
		path := "/v1/wallets/" + c.holder(n) + "/charges"
		if m.do(http.MethodPost, path, fmt.Appendf(nil, `{"amount":%d}`, amount)) == http.StatusCreated {
			c.charged.Add(amount)
			filled.Add(1)
		}
	})
	if made := int(filled.Load()); made < c.people && ctx.Err() == nil {
		return fmt.Errorf("%w: only %d of %d wallets could be filled", events.ErrUnavailable, made, c.people)
	}
	return nil
}

func (c *concert) act(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	crowd.share(ctx, bar, "booking", c.people, c.visit)
	over := time.Time{}
	for _, b := range c.late {
		if b.ExpiresAt.After(over) {
			over = b.ExpiresAt
		}
	}
	crowd.rest(ctx, bar, "waiting for holds to run out", time.Until(over))
	crowd.share(ctx, bar, "paying late", len(c.late), func(m *member, n int) {
		if c.pay(m, c.late[n]); c.late[n].Status == events.BookingIsBooked {
			c.paidLate.Add(1)
		}
	})
	c.drain(ctx, crowd, bar)
}

// drain waits until nothing is held any more, or has been for too long.
func (c *concert) drain(ctx context.Context, crowd *crowd, bar *progress.Bar) {
	last := time.Now() // of all deadlines
	for _, b := range c.told {
		if b.ExpiresAt.After(last) {
			last = b.ExpiresAt
		}
	}
	m, until := crowd.members[0], last.Add(seat.Grace+concertOverstays)
	for ctx.Err() == nil && time.Now().Before(until) {
		var now struct{ Held int64 }
		if m.get(c.path(), &now) && now.Held == 0 {
			return
		}
		crowd.rest(ctx, bar, fmt.Sprintf("%d seats are still held", now.Held), concertPoll)
	}
}

func (c *concert) outcome() (about string, acknowledged int64) {
	return fmt.Sprintf("performance %s, %d people for %d seats", c.performance, c.people, concertSections*c.rows*c.perRow), int64(len(c.told))
}
