package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"admitone/actors/admission"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

// passKeysFile has the keys that sign passes if no other file is named, below the
// store's directory.
const passKeysFile = "passes.key"

// keysEvery is how often a server looks whether its keys have been changed.
const keysEvery = 2 * time.Second

// passKeysPath is the file with the keys that sign passes.
func (s *settings) passKeysPath() string {
	if s.passKeys != "" {
		return s.passKeys
	}
	return filepath.Join(s.directory(), passKeysFile)
}

// passKeys are a server's keys as it has read them.
type passKeys struct {
	file string
	text string // owned by whoever watches the file
}

// read returns the ring in the file, nil if it is the one that was read last.
func (k *passKeys) read() (*pass.Ring, error) {
	text, err := os.ReadFile(k.file)
	if err != nil || string(text) == k.text {
		return nil, err
	}
	ring, err := pass.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.file, err)
	}
	k.text = string(text)
	return ring, nil
}

// openRooms reads the keys, which are made at the first need, and makes the rooms.
func (p *program) openRooms(s settings) error {
	p.away, p.keys.file = s.otherRooms, s.passKeysPath()
	if err := makeFile(p.keys.file, newRing); err != nil {
		return err
	}
	ring, err := p.keys.read()
	if err != nil {
		return err
	}
	p.rooms = admission.New(admission.Config{Desk: p.desk, Keys: ring, Elsewhere: s.otherRooms, Logger: s.logger})
	return nil
}

func newRing() []byte {
	ring, err := pass.NewRing(pass.NewKey(1))
	if err != nil {
		panic(err) // one key is a ring
	}
	return ring.Format()
}

// watchKeys takes new keys into use when the file has them. What can't be read leaves
// those before in use.
func (p *program) watchKeys(ctx context.Context) error {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		ring, err := p.keys.read()
		switch {
		case err != nil && !told:
			p.logger.Warn("the keys of passes can't be read; the ones before stay in use", "error", err)
		case ring != nil:
			p.rooms.SetKeys(ring)
			p.logger.Info("new keys sign passes", "file", p.keys.file)
		}
		told = err != nil
	}
}

// resumeRooms begins the rounds of the rooms in which somebody waits or has a pass.
// Which they are the views know, once they have all that was in the log at the start.
func (p *program) resumeRooms(ctx context.Context) error {
	head, err := p.log.Head(ctx)
	if err == nil {
		err = p.views.WaitFor(ctx, head)
	}
	if err != nil {
		return err
	}
	for after := ""; ; {
		page, next, err := p.views.WaitingRooms(after, 100)
		if err != nil {
			return err
		}
		for i := range page {
			if page[i].WaitingRoomCounts != (events.WaitingRoomCounts{}) {
				p.resumeRoom(ctx, page[i].ID)
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}

// resumeRoom tries until it succeeds: nobody else would ask for a room whose visitors
// are all asleep.
func (p *program) resumeRoom(ctx context.Context, id string) {
	for {
		err := p.rooms.Resume(ctx, id)
		if err == nil || ctx.Err() != nil {
			return
		}
		p.logger.Warn("a waiting room can't be resumed yet", "room", id, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func newRotatePasses() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "rotate-passes",
		Short: "Let a new key sign the passes of waiting rooms",
		Long: "Puts a new key in front of those that sign passes and visitors' ids. What the keys before have signed\n" +
			"stays good; of more than eight keys the oldest goes. A running server takes the new one into use within\n" +
			"seconds. Servers that share a log share the file: copy it to all of them.",
		Example: "  admitone rotate-passes\n  admitone rotate-passes --pass-keys-file /etc/admitone/passes.key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			file := s.passKeysPath()
			if err := rotatePasses(file); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "a new key signs passes:", file)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.passKeys, "pass-keys-file", "", "the server's --pass-keys-file (default: passes.key in the store)")
	f.StringVar(&s.store, "store", "./data", "the server's --store")
	f.StringVar(&s.data, "data", "./data", "the server's --data, if its log is in an EventStoreDB")
	return cmd
}

// rotatePasses replaces the file by one with a new key in front.
func rotatePasses(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return usagef("the keys that a server has made at its first start: %w", err)
	}
	ring, err := pass.Parse(text)
	if err != nil {
		return usagef("%s: %w", file, err)
	}
	fresh, err := writeFresh(file, ring.Rotate().Format())
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, file); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return nil
}
