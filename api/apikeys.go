package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/apikey"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "api-keys", rules: apikey.Kind, routes: (*Server).apiKeyRoutes})
}

func (s *Server) apiKeyRoutes() {
	keys := &resource[row.APIKey, events.APIKeyID]{
		name: "api-key", path: "/v1/api-keys", server: s, stream: apikey.Stream,
		list: s.config.Views.APIKeys, get: s.config.Views.APIKey, at: inLog(s, row.APIKeyAt),
		apply: (*row.APIKey).Apply,
		head: func(k *row.APIKey) (events.APIKeyID, *events.Revision, *events.Position) {
			return k.ID, &k.Revision, &k.Position
		},
		write: AppendAPIKey,
	}
	adminOnly := func(h handler) handler {
		return func(r *request) error {
			if err := r.caller.requireRole(RoleAdmin); err != nil {
				return err
			}
			return h(r)
		}
	}
	s.handle(fiber.MethodPost, keys.path, adminOnly(createAPIKey))
	s.handle(fiber.MethodGet, keys.path, adminOnly(s.limitPastReads(keys.listPage)))
	s.handle(fiber.MethodGet, keys.path+"/:id", adminOnly(s.limitPastReads(keys.answerOne)))
	s.handle(fiber.MethodDelete, keys.path+"/:id", adminOnly(revokeAPIKey))
}

// An API key is apiKeyPrefix, followed by the base64url encoding of the 16 bytes of its id and of
// apiKeyRandom random bytes.
const (
	apiKeyPrefix = "adm_"
	apiKeyRandom = 32
)

var apiKeyName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// createAPIKey creates an API key. It accepts no Idempotency-Key, because a retry could not get the same
// answer: the key itself is not stored.
func createAPIKey(r *request) error {
	if len(r.ctx.Request().Header.Peek(headerIdempotencyKey)) > 0 {
		return refuse(codes.BadParameter,
			"a key is shown once, so no retry can be answered with it: send no Idempotency-Key, and end a key that was lost")
	}
	var body struct {
		Name      string  `json:"name"`
		Role      Role    `json:"role"`
		ExpiresAt *string `json:"expires_at"`
	}
	if err := r.decode(&body, false); err != nil {
		return err
	}
	if !apiKeyName.MatchString(body.Name) {
		return invalidField("name", "1 to 64 of a-z 0-9 _ and -")
	}
	if !body.Role.known() || body.Role == RoleHolder {
		return invalidField("role", "auditor, service, door or admin")
	}
	command := &apikey.Create{Name: body.Name, Role: string(body.Role)}
	if body.ExpiresAt != nil {
		var err error
		if command.ExpiresAt, err = timeOf("expires_at", *body.ExpiresAt); err != nil {
			return err
		}
		if !command.ExpiresAt.After(time.Now()) {
			return invalidField("expires_at", "a time in the future")
		}
	}
	id := actors.NewID()
	secret := make([]byte, len(id)+apiKeyRandom)
	copy(secret, id[:])
	_, _ = rand.Read(secret[len(id):]) // never fails; see crypto/rand
	key := apiKeyPrefix + base64.RawURLEncoding.EncodeToString(secret)
	command.ID, command.Hash = events.APIKeyID(id.String()), hashOfKey(key)
	answer, err := r.dispatch(apikey.Stream(command.ID), command, nil)
	if err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/api-keys/"+string(command.ID))
	r.ctx.Set(fiber.HeaderCacheControl, "no-store")
	r.setETag(answer.Revision)
	o := events.OpenObject(make([]byte, 0, 256))
	o.String("id", string(command.ID))
	o.String("name", command.Name)
	o.String("role", command.Role)
	o.String("key", key)
	if !command.ExpiresAt.IsZero() {
		o.Time("expires_at", command.ExpiresAt)
	}
	o.Int("revision", int64(answer.Revision))
	o.Int("position", int64(answer.Position))
	return r.json(fiber.StatusCreated, o.Close())
}

// revokeAPIKey revokes an API key, once and for all. It is idempotent.
func revokeAPIKey(r *request) error {
	id, err := param[events.APIKeyID](r, "id", "api-key")
	if err != nil {
		return err
	}
	answer, err := r.dispatch(apikey.Stream(id), &apikey.Revoke{}, nil)
	if refusal, ok := err.(*core.Refusal); ok && refusal.Code == core.CodeNotFound {
		return notFound("api-key")
	}
	if err != nil {
		return err
	}
	if err := r.server.awaitViews(answer.Position); err != nil {
		return err
	}
	revoked, known, err := r.server.config.Views.APIKey(id)
	if err != nil {
		return err
	}
	if !known {
		return notFound("api-key")
	}
	r.setETag(revoked.Revision)
	return r.json(fiber.StatusOK, AppendAPIKey(nil, &revoked, nil))
}

// hashOfKey returns the hash of an API key, which is what the log stores of it. A key has 256 random bits,
// so neither a salt nor a slow hash is needed.
func hashOfKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// AppendAPIKey appends an API key as the HTTP resource, with as_of unless at is nil. The hash of the
// key is left out.
func AppendAPIKey(dst []byte, k *row.APIKey, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(k.ID))
	o.String("name", k.Name)
	o.String("role", k.Role)
	if !k.Created.IsZero() {
		o.Time("created_at", k.Created)
	}
	if !k.ExpiresAt.IsZero() {
		o.Time("expires_at", k.ExpiresAt)
	}
	if !k.EndedAt.IsZero() {
		o.Time("ended_at", k.EndedAt)
	}
	o.Int("revision", int64(k.Revision))
	o.Int("position", int64(k.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
