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
)

// seed is the address of a node, and the time when it was last refreshed.
type seed struct {
	Address string    `json:"address"`
	At      time.Time `json:"at"`
}

// loadSeeds returns the stored seeds, none if there is no record, and the record's head. Errors: the store's; a
// record of a different version or that can't be decoded.
func (n *node) loadSeeds() (seeds []seed, head events.Snapshot, err error) {
	err = n.log.LoadSnapshot(membersRecord, func(h events.Snapshot, r io.Reader) error {
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
	seeds, _, err := n.loadSeeds()
	if err != nil {
		n.logger.Debug("could not read the addresses of the nodes", "error", err)
	}
	for _, s := range seeds {
		all = append(all, s.Address)
	}
	return all
}

// saveSeed adds this node's address to the record, or refreshes it. If two nodes write at once, one address may be
// lost; a node that finds no others writes its own again. A record that can't be read is not overwritten.
func (n *node) saveSeed() {
	seeds, head, err := n.loadSeeds()
	if err != nil {
		n.logger.Debug("could not record this node's address; will retry", "error", err)
		return
	}
	now := time.Now().UTC()
	kept := slices.DeleteFunc(seeds, func(s seed) bool { return now.Sub(s.At) > seedTTL })
	for i := range kept {
		if kept[i].Address == n.address {
			if now.Sub(kept[i].At) < seedRefresh {
				return
			}
			kept = slices.Delete(kept, i, i+1)
			break
		}
	}
	kept = append(kept, seed{n.address, now})
	head.Version, head.Revision = membersVersion, head.Revision+1
	if err := n.log.SaveSnapshot(membersRecord, head, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(kept)
	}); err != nil {
		n.logger.Debug("could not record this node's address; will retry", "error", err)
	}
}
