package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"admitone/actors/product"
)

// measureCompetitors compares a desk in this process, without HTTP, with PostgreSQL and Redis, each driven by its
// own benchmark client. The same number of callers buy units of one product. All three record a sale (an event, a
// row or a stream entry) durably before they answer.
func measureCompetitors(b *bench) ([]row, error) {
	postgres, err := startPostgres(b)
	if err != nil {
		return nil, err
	}
	defer postgres.stop()
	redis, err := startRedis(b)
	if err != nil {
		return nil, err
	}
	defer redis.stop()
	h, err := openHarness(filepath.Join(b.dir, "rivals"), 0)
	if err != nil {
		return nil, err
	}
	defer h.close()
	if err := h.create("rival"); err != nil {
		return nil, err
	}
	var ours, pg, redisRates []float64
	for range b.turns {
		for _, side := range []struct {
			sell  func(*bench) (float64, error)
			rates *[]float64
		}{{h.sellConcurrently, &ours}, {postgres.sell, &pg}, {redis.sell, &redisRates}} {
			rate, err := side.sell(b)
			if err != nil {
				return nil, err
			}
			*side.rates = append(*side.rates, rate)
		}
	}
	return []row{
		{"one product sold to 256 callers, durable, no HTTP: admitone", spread(ours, "%.0f/s"), ""},
		{
			"… PostgreSQL 15 (pgbench, one statement, synchronous_commit)",
			spread(pg, "%.0f/s") + ", admitone is " + spread(ratios(ours, pg), "%.1f") + " times as fast",
			"> 1",
		},
		{
			"… Redis 7 (redis-benchmark, one script, appendfsync always)",
			spread(redisRates, "%.0f/s") + ", admitone is " + spread(ratios(ours, redisRates), "%.1f") + " times as fast",
			"> 1",
		},
	}, nil
}

// sellConcurrently makes as many callers as connections reserve the product "rival" for one turn, and returns their
// rate per second.
func (h *harness) sellConcurrently(b *bench) (float64, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for range connections {
		wg.Go(func() {
			for time.Since(start) < b.duration {
				if err := h.reserve(product.Stream("rival"), "holder-123456", false); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(start).Seconds(), nil
}

// competitor is a database server that bench has started on loopback.
type competitor struct {
	cmd  *exec.Cmd
	port string
	dir  string // of PostgreSQL's data; "" for Redis
}

// stop interrupts the server, and kills it if it has not ended after ten seconds.
func (r *competitor) stop() {
	r.cmd.Process.Signal(os.Interrupt)
	killTimer := time.AfterFunc(10*time.Second, func() { r.cmd.Process.Kill() })
	r.cmd.Wait()
	killTimer.Stop()
}

// as makes cmd run as another user, because PostgreSQL refuses to run as root. It returns cmd.
func as(name string, cmd *exec.Cmd) (*exec.Cmd, error) {
	account, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return cmd, nil
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	return port, err
}

// waitReady waits until the server accepts TCP connections.
func (r *competitor) waitReady() error {
	for range 200 {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+r.port, time.Second)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s did not start listening on port %s", r.cmd.Path, r.port)
}

// postgresBin is the directory in which Debian installs the programs of the server.
const postgresBin = "/usr/lib/postgresql/15/bin/"

func startPostgres(b *bench) (*competitor, error) {
	if _, err := os.Stat(postgresBin + "postgres"); err != nil {
		return nil, errors.New("PostgreSQL 15 is not installed; apt-get install postgresql")
	}
	dir := filepath.Join(b.dir, "postgres")
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &competitor{port: port, dir: dir}
	if err := os.Chmod(b.dir, 0o755); err != nil {
		return nil, err
	}
	if out, err := exec.Command("install", "-d", "-o", "postgres", dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("install: %w: %s", err, out)
	}
	create, err := as("postgres", exec.Command(postgresBin+"initdb", "-D", dir, "-A", "trust"))
	if err != nil {
		return nil, err
	}
	if out, err := create.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	r.cmd, err = as(
		"postgres",
		exec.Command(postgresBin+"postgres", "-D", dir, "-p", port, "-c", "listen_addresses=127.0.0.1",
			"-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "shared_buffers=1GB"),
	)
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	if err := r.waitReady(); err != nil {
		return nil, err
	}
	time.Sleep(time.Second) // PostgreSQL listens shortly before it accepts sessions
	return r, r.psql(`create table product (id int primary key, remaining int not null);
		create table reservation (id bigserial primary key, product int not null, holder text not null,
			quantity int not null, at timestamptz not null default now());
		insert into product values (1, 1000000000);`)
}

func (r *competitor) psql(text string) error {
	cmd := exec.Command("psql", "-h", "127.0.0.1", "-p", r.port, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-q")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

var pgbenchRate = regexp.MustCompile(`tps = ([0-9.]+)`)

// sell runs the benchmark client for one turn and returns the rate per second.
func (r *competitor) sell(b *bench) (float64, error) {
	if r.dir == "" {
		return r.sellOnRedis(b)
	}
	script := filepath.Join(b.dir, "sell.sql")
	text := `with taken as (update product set remaining = remaining - 1 where id = 1 and remaining >= 1 returning id)
insert into reservation (product, holder, quantity) select id, 'holder-123456', 1 from taken;
`
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		return 0, err
	}
	out, err := exec.Command("pgbench", "-h", "127.0.0.1", "-p", r.port, "-U", "postgres", "-n", "-M", "prepared",
		"-c", strconv.Itoa(connections), "-j", "2", "-T", fmt.Sprintf("%.0f", b.duration.Seconds()), "-f", script, "postgres",
	).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	return parseRate(pgbenchRate, out)
}

func startRedis(b *bench) (*competitor, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server is not installed; apt-get install redis-server")
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, "redis")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r := &competitor{port: port, cmd: exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "")}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	if err := r.waitReady(); err != nil {
		return nil, err
	}
	out, err := r.redis("set", "remaining", "1000000000")
	if err != nil {
		return nil, fmt.Errorf("redis: %w: %s", err, out)
	}
	return r, nil
}

func (r *competitor) redis(arguments ...string) ([]byte, error) {
	return exec.Command("redis-cli", append([]string{"-p", r.port}, arguments...)...).CombinedOutput()
}

const redisScript = `if tonumber(redis.call('get',KEYS[1])) >= 1 then redis.call('decr',KEYS[1]); ` +
	`redis.call('xadd',KEYS[2],'*','holder',ARGV[1],'quantity','1'); return 1 end return 0`

var redisRate = regexp.MustCompile(`","([0-9.]+)"`)

func (r *competitor) sellOnRedis(b *bench) (float64, error) {
	hash, err := r.redis("script", "load", redisScript)
	if err != nil {
		return 0, fmt.Errorf("redis: %w: %s", err, hash)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*b.duration)
	defer cancel()
	// redis-benchmark takes a number of requests, not a duration.
	count := int(b.duration.Seconds() * 50_000)
	out, err := exec.CommandContext(ctx, "redis-benchmark", "-p", r.port, "-c", strconv.Itoa(connections),
		"-n", strconv.Itoa(count), "--csv", "evalsha", string(bytes.TrimSpace(hash)), "2", "remaining", "sold",
		"holder-123456").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, out)
	}
	return parseRate(redisRate, out)
}

func parseRate(pattern *regexp.Regexp, out []byte) (float64, error) {
	rate, err := strconv.ParseFloat(field(pattern, string(out)), 64)
	if err != nil {
		return 0, fmt.Errorf("no rate in: %s", out)
	}
	return rate, nil
}
