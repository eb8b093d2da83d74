package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"admitone/events"
	"admitone/events/esdb"
)

// measureESDB compares a hot product on the embedded log with one on a log that the
// server reaches over EventStoreDB's protocol on loopback, and then reads that log
// through a subscription.
func measureESDB(b *bench) ([]row, error) {
	near, err := b.serve(filepath.Join(b.dir, "near"))
	if err != nil {
		return nil, err
	}
	defer near.stop()
	address, log, err := b.startEventStore(filepath.Join(b.dir, "esdb"))
	if err != nil {
		return nil, err
	}
	defer log.stop()
	far, err := b.serve(address, "--data", filepath.Join(b.dir, "far"))
	if err != nil {
		return nil, err
	}
	defer far.stop()
	for _, s := range []*server{near, far} {
		if err := s.post("/v1/products", `{"id":"hot","name":"x","stock":1000000000}`, nil); err != nil {
			return nil, err
		}
	}
	var embedded, remote []float64
	var last wrkResult
	for range b.turns {
		for _, side := range []struct {
			server *server
			rates  *[]float64
		}{{near, &embedded}, {far, &remote}} {
			if last, err = b.wrk(side.server, "/v1/products/hot/reservations"); err != nil {
				return nil, err
			}
			*side.rates = append(*side.rates, last.rate)
		}
	}
	followed, err := b.subscription(address)
	if err != nil {
		return nil, err
	}
	return []row{
		{
			"one hot product whose log is another process, over EventStoreDB's protocol",
			fmt.Sprintf("%s; p50 %s, p99 %s", spread(remote, "%.0f/s"), last.p50, last.p99),
			"",
		},
		{"… as a share of the embedded log", spread(ratios(remote, embedded), "%.2f"), "≥ 0.5"},
		{"a subscription to all of it, decoded", spread(followed, "%.0f events/s"), "≥ 100,000"},
	}, nil
}

// startEventStore starts a process that serves the embedded log in dir over EventStoreDB's protocol.
func (b *bench) startEventStore(dir string) (address string, log *server, err error) {
	path, err := b.binary()
	if err != nil {
		return "", nil, err
	}
	log = &server{cmd: exec.Command(path, "eventstore", "--dir", dir, "--listen", "127.0.0.1:0", "--writable")}
	stdout, err := log.cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := log.cmd.Start(); err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	_, rest, found := strings.Cut(line, "esdb://")
	if err != nil || !found {
		log.stop()
		return "", nil, fmt.Errorf("the event store printed %q, %v; want a line with its address", line, err)
	}
	address, _, _ = strings.Cut(rest, " ")
	return "esdb://" + address, log, nil
}

// errAtHead stops Follow at the head of the log.
var errAtHead = errors.New("at the head of the log")

// subscription follows the log from its start to its current head, once per turn, and returns the
// rates in events per second.
func (b *bench) subscription(address string) (rates []float64, err error) {
	store, err := esdb.Open(context.Background(), address, esdb.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	head, err := store.Head(context.Background())
	if err != nil {
		return nil, err
	}
	for range b.turns {
		start, count := time.Now(), 0
		err := store.Follow(context.Background(), 0, func(page []events.Recorded) error {
			for i := range page {
				if _, err := events.Decode(page[i].Type, page[i].Data); err != nil {
					return err
				}
			}
			if count += len(page); page[len(page)-1].Position >= head {
				return errAtHead
			}
			return nil
		})
		if !errors.Is(err, errAtHead) {
			return nil, err
		}
		rates = append(rates, float64(count)/time.Since(start).Seconds())
	}
	return rates, nil
}
