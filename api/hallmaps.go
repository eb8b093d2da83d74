package api

import (
	"context"
	"slices"
	"sync"

	"github.com/gofiber/fiber/v2"

	"admitone/api/web"
	"admitone/events"
)

// hallPath is the path of the maps of halls, which only the pages use; see [web.HallMap].
const hallPath = "/halls"

// cachedMaps bounds the maps in memory. The map of 100,000 seats has about 300 KB.
const cachedMaps = 16

// hallMaps caches the maps of the halls that were shown most recently. The zero value is ready.
type hallMaps struct {
	mu     sync.Mutex
	recent []hallMap // at most cachedMaps, most recently used last; guarded by mu
}

// hallMap is the map of the plan with a digest.
type hallMap struct {
	digest, tag string
	body        []byte
}

// get returns the map of the plan with a digest, whose hall is read if the map is not cached. One at a time is made,
// so that a crowd that comes first makes it once. Errors: those of read.
func (c *hallMaps) get(digest string, read func() (*events.Hall, error)) (hallMap, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.recent, func(m hallMap) bool { return m.digest == digest })
	if at >= 0 {
		found := c.recent[at]
		c.recent = append(slices.Delete(c.recent, at, at+1), found)
		return found, nil
	}
	hall, err := read()
	if err != nil {
		return hallMap{}, err
	}
	body := web.HallMap(hall)
	made := hallMap{digest: digest, tag: etagOf(body), body: body}
	if len(c.recent) == cachedMaps {
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	c.recent = append(c.recent, made)
	return made, nil
}

// hallMapPage answers with the map of a hall. The map of a plan may change with the version of this program or with
// a different log at this address, so browsers revalidate their cached copy. It is sent as gzip only, which all of them
// accept.
func (s *Server) hallMapPage(r *request) error {
	id, err := param[events.PlanID](r, "id", "plan")
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil {
		return err
	}
	plan, ok, err := s.config.Views.Plan(id)
	if err == nil && !ok {
		err = notFound("plan")
	}
	if err != nil {
		return err
	}
	shown, err := s.hallMaps.get(plan.Digest, func() (*events.Hall, error) {
		return s.config.Views.Hall(context.Background(), id)
	})
	if err != nil || r.revalidated(shown.tag) {
		return err
	}
	r.ctx.Set(fiber.HeaderContentEncoding, "gzip")
	r.ctx.Set(fiber.HeaderContentType, web.HallMapType)
	r.ctx.Response().SetBodyRaw(shown.body)
	return nil
}
