package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"admitone/actors/admission"
	"admitone/actors/waitingroom/pass"
	"admitone/cmd/admitone/usage"
	"admitone/events"
	"admitone/projections/row"
)

// PassKeysFile has the keys that sign passes, below the store's directory, if no other file is
// named.
const PassKeysFile = "passes.key"

// keysEvery is the interval at which a server checks its file of keys for changes.
const keysEvery = time.Second

// PassKeysPath returns the file with the keys that sign passes.
func (s *Settings) PassKeysPath() string {
	if s.PassKeys != "" {
		return s.PassKeys
	}
	return filepath.Join(s.SecretsDirectory(), PassKeysFile)
}

// passKeys are the keys that a server has read.
type passKeys struct {
	file string
	made bool   // created at this start, because there were none
	text string // the text in use; owned by the goroutine that watches the file
}

// read returns the ring in the file and the file's text, nil if that is in use.
func (k *passKeys) read() (ring *pass.Keyring, text string, err error) {
	found, err := os.ReadFile(k.file)
	if err != nil || k.text != "" && string(found) == k.text { // the empty text is never in use
		return nil, k.text, err
	}
	if ring, err = pass.Parse(found); err != nil {
		return nil, "", fmt.Errorf("%s: %w", k.file, err)
	}
	return ring, string(found), nil
}

// openRooms reads the keys, which are created if needed, and opens the rooms.
func (p *Server) openRooms(s Settings) error {
	p.away, p.keys.file = s.OtherRooms && s.Cluster.Listen == "", s.PassKeysPath()
	made := func() []byte { p.keys.made = true; return newKeyring() }
	if err := makeFile(p.keys.file, made); err != nil {
		return err
	}
	ring, text, err := p.keys.read()
	if err != nil {
		return err
	}
	if p.away && p.keys.made {
		p.logger.Error("there were no pass keys, and new ones were created: no pass of the server that runs the waiting "+
			"rooms is valid here; copy its file",
			"file", p.keys.file)
	}
	p.keys.text = text
	p.Rooms = admission.New(admission.Config{Desk: p.Desk, Keys: ring, ChecksOnly: p.away,
		Shared: p.shared, Node: p.nodeName(s), Run: p.runID, Store: p.Log, Logger: s.Logger, Owns: p.roomOwner(s),
		ForwardHeartbeats: p.forwarder(s), Reachable: p.reach(s),
		Excluded: func() bool { return p.node != nil && p.node.keys.foreign.Load() }})
	// Once it has a waiting room, the log names the keys; see resumeRooms.
	use := admission.KeysIfKnown
	switch {
	case s.AcceptKeys:
		use = admission.KeysAccepted
	case p.shared:
		use = admission.KeysFirst
	}
	return p.useKeys(ring, use)
}

// nodeName returns the server's display name: that of the node, or its host and the port at which
// it listens.
func (p *Server) nodeName(s Settings) string {
	if s.Cluster.Listen != "" {
		return s.Cluster.name()
	}
	_, port, _ := net.SplitHostPort(p.listener.Addr().String())
	return net.JoinHostPort(machine(), port)
}

// machine returns the name of this machine.
func machine() string {
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}

// useKeys activates a ring, the current one if it is nil, and logs if its keys are not those of the
// log.
func (p *Server) useKeys(ring *pass.Keyring, use admission.KeyUse) error {
	ctx, cancel := context.WithTimeout(context.Background(), headLimit)
	defer cancel()
	before := p.Rooms.KeyState()
	if err := p.Rooms.UseKeys(ctx, ring, use); err != nil {
		return fmt.Errorf("the keys that the log names: %w", err)
	}
	state, own, named := p.Rooms.Keys()
	if state == before {
		return nil
	}
	log := p.logger.With("file", p.keys.file, "own", own, "log", named)
	switch state {
	case admission.KeysDiffer:
		log.Error("none of this server's keys of passes is in the log: waiting rooms and what they guard are answered " +
			"with 503 keys_differ; " +
			"put a copy of a file that has them in its place, which is taken up within seconds, or start once with " +
			"--accept-keys if they are lost")
	case admission.KeysBehind:
		log.Warn("another server signs passes with a newer key than this one has; copy its file")
	case admission.KeysAgree:
		if before != admission.KeysNotLogged {
			log.Info("the keys of passes are those of the log")
		}
	}
	return nil
}

// takeKeys activates changed keys of the file, and reads those that other servers have added.
func (p *Server) takeKeys() error {
	ring, text, err := p.keys.read()
	if err != nil || ring == nil && !p.shared {
		return err
	}
	if err := p.useKeys(ring, admission.KeysIfKnown); err != nil || ring == nil {
		return err
	}
	p.keys.text = text
	p.logger.Info("new keys sign passes", "file", p.keys.file)
	return nil
}

func newKeyring() []byte {
	ring, err := pass.NewKeyring(pass.NewKey(1))
	if err != nil {
		panic(err) // it has a key, which is all that a ring needs
	}
	return ring.Format()
}

// watchKeys activates new keys of the file, and checks the active ones against the keys that other
// servers have added. If the file can't be read, the active keys remain.
func (p *Server) watchKeys(ctx context.Context) error {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	logged := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := p.takeKeys()
		if err != nil && !logged {
			p.logger.Warn("the keys of passes can't be compared with their file and the log; the earlier ones "+
				"stay in use", "error", err)
		}
		logged = err != nil
	}
}

// resumeRooms starts the rounds of rooms with waiting visitors or passes. It waits while the log is unavailable,
// and while damaged views are rebuilt.
func (p *Server) resumeRooms(ctx context.Context) error {
	return untilAvailable(ctx, func() error {
		if err := p.awaitEnd(ctx); err != nil {
			return err
		}
		return p.resumeListed(ctx)
	})
}

// resumeListed resumes the rooms that the views list.
func (p *Server) resumeListed(ctx context.Context) error {
	for after := ""; ; {
		page, next, err := p.Views.WaitingRooms(after, 100)
		if err != nil {
			return err
		}
		p.nameKeys(page)
		for i := range page {
			// The other servers on a shared log know the earlier ones.
			if row := &page[i]; p.keys.made && !p.shared && row.Waiting+row.Active > 0 {
				p.logger.Error("the keys of passes were missing, and new ones were made: earlier places and passes are "+
					"not known",
					"file", p.keys.file, "room", row.ID, "waiting", row.Waiting, "admitted", row.Active)
			}
			if page[i].WaitingRoomCounts != (events.WaitingRoomCounts{}) {
				p.resumeRoom(ctx, page[i].ID)
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}

// nameKeys records this server's keys in a log that has rooms but names no keys, because it was written before keys
// were recorded.
func (p *Server) nameKeys(rooms []row.WaitingRoom) {
	if len(rooms) == 0 || p.Rooms.KeyState() != admission.KeysNotLogged {
		return
	}
	if p.keys.made {
		p.logger.Error("the file of keys was missing, and new ones were made: visitors and holders of passes have to join "+
			"again, and a promised draw can't be made; the log names the new keys now: to use a copy of the lost file, put "+
			"it in place and start once with --accept-keys", "file", p.keys.file)
	}
	if err := p.useKeys(nil, admission.KeysFirst); err != nil {
		p.logger.Warn("the keys of passes could not be recorded in the log; they are when the next waiting room is created", "error", err)
	}
}

// resumeRoom retries until it succeeds: if no visitor polls, no request would start the room.
func (p *Server) resumeRoom(ctx context.Context, id events.RoomID) {
	for {
		err := p.Rooms.Resume(ctx, id)
		if err == nil || ctx.Err() != nil {
			return
		}
		p.logger.Warn("a waiting room can't be resumed yet", "room", id, "error", err)
		if sleep(ctx, time.Second) != nil {
			return
		}
	}
}

// RotatePasses replaces the file by one with a new first key. Errors: a [usage.Error] for a file
// that does not exist or has no keys; the disk's.
func RotatePasses(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return usage.Errorf("can't read the pass keys, which a server creates at its first start: %w", err)
	}
	ring, err := pass.Parse(text)
	if err != nil {
		return usage.Errorf("%s: %w", file, err)
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
