package peers

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/actors/placement"
)

// VisitorHeartbeatsPath is the path at which a room's owner accepts the heartbeats of visitors from other nodes.
const VisitorHeartbeatsPath = "/.well-known/admitone-marks"

// VisitorHeartbeatsRoom is the parameter that names the room.
const VisitorHeartbeatsRoom = "room"

// forwardTimeout bounds the time to forward heartbeats of visitors.
const forwardTimeout = time.Second

// ErrOwnedHere is returned by ForwardHeartbeats if this node is the owner.
var ErrOwnedHere = errors.New("this node owns the waiting room, or no other node can be reached")

// ForwardHeartbeats forwards encoded heartbeats of a room's visitors to the owner of key. Errors: [ErrOwnedHere]; the
// network's.
func (p *Peers) ForwardHeartbeats(key placement.Key, room string, heartbeats []byte) error {
	owner := p.Owner(key)
	if owner == nil {
		return ErrOwnedHere
	}
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	now := time.Now()
	uri := VisitorHeartbeatsPath + "?" + url.Values{VisitorHeartbeatsRoom: {room}}.Encode()
	request.Header.SetMethod(fasthttp.MethodPost)
	request.SetRequestURI("http://" + owner.member.HTTP + uri)
	request.SetBody(heartbeats)
	hop := Hop{From: p.config.Self.Run, View: p.View(), Command: "-", At: now, Until: now.Add(forwardTimeout)}
	request.Header.Set(Header, p.config.Secret.Seal(&hop, time.Duration(owner.peer.skew.Load()), fasthttp.MethodPost, uri,
		heartbeats))
	if err := owner.peer.hops.do(request, response, hop.Until); err != nil {
		return err
	}
	if status := response.StatusCode(); status != fasthttp.StatusNoContent {
		return fmt.Errorf("the node %s answers %d: %.200s", owner.member.Name, status, response.Body())
	}
	owner.peer.noteHeartbeat()
	return nil
}

// Reachability returns a hash of the runs of all nodes, and whether all of them send heartbeats.
func (p *Peers) Reachability() (members uint64, allReachable bool) {
	v := p.view.Load()
	hash := fnv.New64a()
	allReachable = true
	for i := range v.members {
		run := v.members[i].Run
		_, _ = fmt.Fprintln(hash, run)
		if q := p.peer(run); q != nil && (q.suspected() || q.timedOut()) {
			allReachable = false
		}
	}
	return hash.Sum64(), allReachable
}
