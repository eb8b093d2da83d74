package events

import "time"

func init() {
	register[APIKeyCreated]()
	register[APIKeyEnded]()
}

// APIKeyCreated lets a program call the API.
type APIKeyCreated struct {
	APIKeyID APIKeyID `json:"api_key_id"`
	// DisplayName is the name of the key's owner: the key acts as "key:" and this name. Several
	// keys may share one.
	DisplayName string `json:"name"`
	// Role is the role that the key grants.
	Role string `json:"role"`
	// Hash is the SHA-256 of the key, in hexadecimal; the key itself is not stored.
	Hash string `json:"hash"`
	// ExpiresAt is when the key expires, zero for never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// APIKeyEnded revokes a key permanently.
type APIKeyEnded struct {
	APIKeyID APIKeyID `json:"api_key_id"`
}

func (*APIKeyCreated) Name() string { return "apikey.created.v1" }
func (*APIKeyEnded) Name() string   { return "apikey.ended.v1" }
