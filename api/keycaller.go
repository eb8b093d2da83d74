package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/events"
)

// keyViews remembers when the views were last seen to be up to date.
type keyViews struct {
	mu    sync.Mutex
	asked time.Time // guarded by mu
	err   error     // of that time; guarded by mu
}

// freshKeys is how old the views may be that a key is looked up in: a key that was ended longer ago
// is not good at any server.
const freshKeys = time.Second

// fresh returns nil if the views have all that the log had freshKeys ago. The log is asked at most
// that often.
func (k *keyViews) fresh(s *Server) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.asked) < freshKeys {
		return k.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), freshKeys)
	defer cancel()
	k.asked = time.Now()
	head, err := s.config.Store.Head(ctx)
	if err == nil {
		err = s.config.Views.WaitFor(ctx, head)
	}
	if k.err = err; err != nil {
		k.err = refuse(codes.ProjectionBehind, "whether the key is still good can't be said at the moment; try again")
	}
	return k.err
}

// callerOf identifies the sender of a request: by an API key, or as Config.Auth does. An open server
// asks nobody for a key.
func (s *Server) callerOf(c *fiber.Ctx) (caller, error) {
	scheme, key, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if _, open := s.config.Auth.(OpenAuth); open || !strings.EqualFold(scheme, "Bearer") ||
		!strings.HasPrefix(key, apiKeyPrefix) {
		return s.config.Auth.caller(c)
	}
	return s.keyCaller(key)
}

// keyCaller returns the program whose key was sent. A server of the past takes none: it can't see
// which have ended since.
func (s *Server) keyCaller(key string) (caller, error) {
	refused := refuse(codes.Unauthenticated, "the API key is not valid here")
	id, ok := idOfKey(key)
	if !ok || s.config.AsOf != nil {
		return caller{}, refused
	}
	if err := s.keyViews.fresh(s); err != nil {
		return caller{}, err
	}
	k, known, err := s.config.Views.APIKey(id)
	if err == nil && !known { // this server may have made it a moment ago
		if err = s.seen(s.answered()); err == nil {
			k, known, err = s.config.Views.APIKey(id)
		}
	}
	if err != nil {
		return caller{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(k.Hash), []byte(hashOfKey(key))) == 1
	if !known || !same || !k.Live(time.Now()) || !Role(k.Role).known() {
		return caller{}, refused
	}
	return caller{sub: events.Holder(keyPrefix + k.Name), role: Role(k.Role), key: true}, nil
}

// idOfKey returns the id in a key.
func idOfKey(key string) (events.APIKeyID, bool) {
	var id events.ID
	secret, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(key, apiKeyPrefix))
	if err != nil || len(secret) != len(id)+apiKeyRandom {
		return "", false
	}
	copy(id[:], secret)
	return events.APIKeyID(id.String()), true
}
