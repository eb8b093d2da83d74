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

// keyViews remembers when the views were last recent enough for looking up API keys.
type keyViews struct {
	mu      sync.Mutex
	checked time.Time // guarded by mu
	err     error     // the result of that check; guarded by mu
}

// maxKeyViewAge is the maximum age of the views in which an API key is looked up. A key that was revoked longer ago is
// refused by every server.
const maxKeyViewAge = time.Second

// catchUp waits until the views include everything that was in the log maxKeyViewAge ago. It reads the head of the log
// at most once in that time. Error: projection_behind.
func (k *keyViews) catchUp(s *Server) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.checked) < maxKeyViewAge {
		return k.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxKeyViewAge)
	defer cancel()
	k.checked = time.Now()
	head, err := s.config.Store.Head(ctx)
	if err == nil {
		err = s.config.Views.WaitFor(ctx, head)
	}
	if k.err = err; err != nil {
		k.err = refuse(codes.ProjectionBehind, "the API key can't be checked at the moment; try again")
	}
	return k.err
}

// callerOf returns the sender of a request, who authenticates with an API key or as Config.Auth requires. Credentials
// must be valid at the time now. In open mode API keys are ignored.
func (s *Server) callerOf(c *fiber.Ctx, now time.Time) (caller, error) {
	if _, open := s.config.Auth.(OpenAuth); open {
		return s.config.Auth.caller(c, now)
	}
	scheme, key, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(key, apiKeyPrefix) {
		return s.config.Auth.caller(c, now)
	}
	return s.keyCaller(key, now)
}

// keyCaller returns the caller that an API key authenticates. A server of the past refuses all keys, because it
// does not know which have been revoked since.
func (s *Server) keyCaller(key string, now time.Time) (caller, error) {
	refused := refuse(codes.Unauthenticated, "the API key is not valid here")
	id, ok := idOfKey(key)
	if !ok || s.config.AsOf != nil {
		return caller{}, refused
	}
	if err := s.keyViews.catchUp(s); err != nil {
		return caller{}, err
	}
	k, known, err := s.config.Views.APIKey(id)
	if err == nil && !known { // this server may just have created it
		if err = s.awaitViews(s.answeredPosition()); err == nil {
			k, known, err = s.config.Views.APIKey(id)
		}
	}
	if err != nil {
		return caller{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(k.Hash), []byte(hashOfKey(key))) == 1
	if !known || !same || !k.Live(now) || !Role(k.Role).known() {
		return caller{}, refused
	}
	return caller{sub: events.Holder(keyPrefix + k.Name), role: Role(k.Role), key: true}, nil
}

// idOfKey returns the id in an API key. ok is false if the key is malformed.
func idOfKey(key string) (id events.APIKeyID, ok bool) {
	var raw events.ID
	secret, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(key, apiKeyPrefix))
	if err != nil || len(secret) != len(raw)+apiKeyRandom {
		return "", false
	}
	copy(raw[:], secret)
	return events.APIKeyID(raw.String()), true
}
