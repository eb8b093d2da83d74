package server

import (
	"context"
	"path/filepath"
	"time"

	"admitone/api/contacts"
	"admitone/events"
)

// forgottenType is the type of the event after which every server forgets a holder.
var forgottenType = (*events.HolderForgotten)(nil).Name()

// openContacts opens the contacts, and forgets the holders that the log has forgotten while this
// server was stopped.
func (p *Server) openContacts(s Settings) (err error) {
	if p.contacts, err = contacts.Open(filepath.Join(s.Directory(), ContactsFolder), s.Logger); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), headLimit)
	defer cancel()
	return p.contacts.CatchUp(ctx, p.Log)
}

// forgetEvery is the interval at which a failed attempt to forget holders is repeated.
const forgetEvery = time.Second

// forget forgets the holders whose events of forgottenType have not been processed; at is the
// position of the newest. If that fails, it is retried until it succeeds or ctx ends, and the other
// nodes learn that this one has not processed that event; the rest of the log is followed
// meanwhile.
func (p *Server) forget(ctx context.Context, at events.Position) {
	err := p.contacts.CatchUp(ctx, p.Log)
	if err == nil || !p.owed.CompareAndSwap(0, uint64(at)) {
		return
	}
	p.logger.Error("a holder can't be forgotten here yet; the contacts can't be changed", "error", err)
	p.background.Go(func() {
		for sleep(ctx, forgetEvery) == nil {
			if p.contacts.CatchUp(ctx, p.Log) != nil {
				continue
			}
			p.owed.Store(0)
			// A later attempt that failed before this relies on this loop.
			if p.contacts.CatchUp(ctx, p.Log) == nil || !p.owed.CompareAndSwap(0, uint64(at)) {
				return
			}
		}
	})
}

// announced is the position announced to other nodes: this one has followed and processed everything up
// to it.
func (p *Server) announced() events.Position {
	if owed := events.Position(p.owed.Load()); owed != 0 {
		return min(owed-1, p.followed())
	}
	return p.followed()
}
