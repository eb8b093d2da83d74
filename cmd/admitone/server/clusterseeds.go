package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"admitone/events"
)

// membersRecord is the pseudo-stream under which the seed addresses are stored with the snapshots; a joining node
// contacts them first.
const membersRecord = events.StreamID("~members")

// membersVersion is the version of the record's format.
const membersVersion = 1

const (
	// seedTTL is how long an address is retained without being refreshed.
	seedTTL = 7 * 24 * time.Hour
	// seedRefresh is how often a running node refreshes its own address.
	seedRefresh = time.Hour
	// seedLive is how long after its last refresh an address may be that of a running node of this log.
	seedLive = 2 * seedRefresh
)

// seed is the address of a node, and the time when it was last refreshed.
type seed struct {
	Address string    `json:"address"`
	At      time.Time `json:"at"`
}

// loadSeeds returns the stored seeds, none if there is no record, and the record's head. Errors: the store's; a
// record of a different version or that can't be decoded.
func loadSeeds(log DurableLog) (seeds []seed, head events.Snapshot, err error) {
	err = log.LoadSnapshot(membersRecord, func(h events.Snapshot, r io.Reader) error {
		if h.Version != membersVersion {
			return fmt.Errorf("the node addresses have version %d, want %d", h.Version, membersVersion)
		}
		head, seeds = h, nil
		return json.NewDecoder(r).Decode(&seeds)
	})
	if errors.Is(err, events.ErrNoSnapshot) {
		return nil, events.Snapshot{}, nil
	}
	if err != nil {
		return nil, events.Snapshot{}, err
	}
	return seeds, head, nil
}

// seedAddresses returns the stored addresses. They are a hint: after a failure there are none.
func (n *node) seedAddresses() (all []string) {
	seeds, _, err := loadSeeds(n.log)
	if err != nil {
		n.logger.Debug("could not read the addresses of the nodes", "error", err)
	}
	for _, s := range seeds {
		all = append(all, s.Address)
	}
	return all
}

// saveSeed adds this node's address to the record, or refreshes it in its place. If two nodes write at once, one
// address may be lost; a node that finds no others writes its own again. A foreign node is not recorded.
func (n *node) saveSeed() {
	if n.keys.foreign.Load() {
		return
	}
	n.changeSeeds(func(seeds []seed) []seed {
		now := time.Now().UTC()
		for i := range seeds {
			if seeds[i].Address != n.address {
				continue
			}
			if now.Sub(seeds[i].At) < seedRefresh {
				return nil
			}
			seeds[i].At = now
			return seeds
		}
		return append(seeds, seed{n.address, now})
	})
}

// removeSeed removes this node's address from the record.
func (n *node) removeSeed() {
	n.changeSeeds(func(seeds []seed) []seed {
		others := slices.DeleteFunc(slices.Clone(seeds), func(s seed) bool { return s.Address == n.address })
		if len(others) == len(seeds) {
			return nil
		}
		return others
	})
}

// changeSeeds replaces the recorded addresses by what change returns, unless that is nil. It also removes outdated
// ones. A record that can't be read is not overwritten; the next call tries again.
func (n *node) changeSeeds(change func([]seed) []seed) {
	seeds, head, err := loadSeeds(n.log)
	if err == nil {
		now := time.Now()
		seeds = slices.DeleteFunc(seeds, func(s seed) bool { return now.Sub(s.At) > seedTTL })
		if seeds = change(seeds); seeds == nil {
			return
		}
		head.Version, head.Revision = membersVersion, head.Revision+1
		err = n.log.SaveSnapshot(membersRecord, head, func(w io.Writer) error {
			return json.NewEncoder(w).Encode(seeds)
		})
	}
	if err != nil {
		n.logger.Debug("could not record this node's address; will retry", "error", err)
	}
}
