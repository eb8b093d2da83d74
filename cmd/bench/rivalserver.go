package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
)

// booking is the body of a request to a competing server and of its answer, as in admitone's API.
type booking struct {
	ID        string    `json:"id"`
	Holder    string    `json:"holder"`
	Seats     []string  `json:"seats"`
	Amount    int64     `json:"amount"`
	Status    string    `json:"status"`
	ExpiresAt time.Time `json:"expires_at"`
}

// seatBooker books all seats of a booking or none of them. It returns false if any of them is taken.
type seatBooker func(ctx context.Context, b *booking) (bool, error)

// seatPrice is the price of every seat, in minor units.
const seatPrice = 5000

// serveRival runs a competing server that follows best practice: Fiber in front of the database at
// the URL postgres://… or redis://…. It prints its address, as admitone serve does, and runs until
// it is killed.
func serveRival(database string) error {
	address, err := url.Parse(database)
	if err != nil {
		return err
	}
	var book seatBooker
	switch address.Scheme {
	case "postgres":
		book, err = bookOnPostgres(database)
	case "redis":
		book, err = bookOnRedis(address.Host)
	default:
		return fmt.Errorf("the database %q is not supported; use postgres://… or redis://…", database)
	}
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Post("/v1/performances/:id/bookings", func(c *fiber.Ctx) error {
		b := &booking{}
		if err := c.BodyParser(b); err != nil {
			return fiber.NewError(fiber.StatusBadRequest, err.Error())
		}
		b.ID, b.Status, b.Amount = uuid.Must(uuid.NewV7()).String(), "held", seatPrice*int64(len(b.Seats))
		b.ExpiresAt = time.Now().Add(time.Hour).UTC()
		switch ok, err := book(c.Context(), b); {
		case err != nil:
			return err
		case !ok:
			return c.Status(fiber.StatusConflict).JSON(fiber.Map{"code": "seat_taken"})
		}
		return c.Status(fiber.StatusCreated).JSON(b)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	return app.Listener(listener)
}

// postgresSchema has a row per seat of one performance. Its argument is the number of seats.
const postgresSchema = `create table seat (name text primary key, holder text, booking uuid, held_until timestamptz);
create table booking (id uuid primary key, holder text not null, seats text[] not null, amount bigint not null,
	expires_at timestamptz not null);
insert into seat (name) select 'A-1-' || n from generate_series(1, %d) n;
vacuum analyze seat;
checkpoint;`

// postgresBook books all seats or none, in one statement, so in one transaction and one round trip. It locks the
// seats in order, so that concurrent bookings cannot deadlock.
const postgresBook = `with free as (
	select name from seat where name = any($3) and (booking is null or held_until < now()) order by name for update
), enough as (
	select 1 where (select count(*) from free) = cardinality($3::text[])
), taken as (
	update seat set holder = $2, booking = $1, held_until = $5 from free, enough where seat.name = free.name
)
insert into booking (id, holder, seats, amount, expires_at) select $1, $2, $3, $4, $5 from enough`

// postgresConnections is the number of connections beyond which PostgreSQL gets no faster on two cores.
const postgresConnections = 64

func bookOnPostgres(database string) (seatBooker, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = postgresConnections, postgresConnections
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b *booking) (bool, error) {
		done, err := pool.Exec(ctx, postgresBook, b.ID, b.Holder, b.Seats, b.Amount, b.ExpiresAt)
		return done.RowsAffected() == 1, err
	}, nil
}

// redisBook is the equivalent script. KEYS are the seats, then the stream of bookings; ARGV are the booking's id, its
// holder, its amount, and its remaining time in milliseconds.
const redisBook = `local n = #KEYS - 1
for i = 1, n do if redis.call('exists', KEYS[i]) == 1 then return 0 end end
for i = 1, n do redis.call('set', KEYS[i], ARGV[1], 'px', ARGV[4]) end
redis.call('xadd', KEYS[n + 1], '*', 'id', ARGV[1], 'holder', ARGV[2], 'amount', ARGV[3], 'expires_in', ARGV[4])
return 1`

func bookOnRedis(address string) (seatBooker, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, DisableCache: true})
	if err != nil {
		return nil, err
	}
	script := rueidis.NewLuaScript(redisBook)
	return func(ctx context.Context, b *booking) (bool, error) {
		remaining := strconv.FormatInt(time.Until(b.ExpiresAt).Milliseconds(), 10)
		done, err := script.Exec(ctx, client, append(b.Seats[:len(b.Seats):len(b.Seats)], "bookings"),
			[]string{b.ID, b.Holder, strconv.FormatInt(b.Amount, 10), remaining}).AsInt64()
		return done == 1, err
	}, nil
}
