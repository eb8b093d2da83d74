package api

import (
	"crypto/sha256"
	"encoding/hex"
)

func (s *Server) pageRoutes() {}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
