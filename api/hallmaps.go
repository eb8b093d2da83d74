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

// cachedMaps bounds the maps in memory. The map of a hall with 100,000 seats has about 300 KB.
const cachedMaps = 16

// hallMaps caches the maps of halls that were requested most recently. The zero value is an empty cache.
type hallMaps struct {
	mu     sync.Mutex
	recent []hallMap // at most cachedMaps, most recently used last; guarded by mu
}

// hallMap is the map of a hall, encoded by [web.HallMap].
type hallMap struct {
	digest string // of the plan
	tag    string // the ETag
	body   []byte
}

// get returns the map of the plan with a digest. If it is not cached, the map is made from the hall that read
// returns. Only one map is made at a time, so that concurrent requests for the same one make it once. Errors: those
// of read.
func (c *hallMaps) get(digest string, read func() (*events.Hall, error)) (hallMap, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.recent, func(m hallMap) bool { return m.digest == digest })
	if at >= 0 {
		cached := c.recent[at]
		c.recent = append(slices.Delete(c.recent, at, at+1), cached)
		return cached, nil
	}
	hall, err := read()
	if err != nil {
		return hallMap{}, err
	}
	body := web.HallMap(hall)
	rendered := hallMap{digest: digest, tag: contentETag(body), body: body}
	if len(c.recent) == cachedMaps {
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	c.recent = append(c.recent, rendered)
	return rendered, nil
}

// hallMapPage answers with the map of a hall. Browsers have to revalidate their copy, because the map may change with
// the version of this program, or if this address serves another log. It is always compressed with gzip, which all
// browsers accept.
func (s *Server) hallMapPage(r *request) error {
	id, err := param[events.PlanID](r, "id", "plan")
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
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
