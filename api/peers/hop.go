package peers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"admitone/events"
)

// Header marks a forwarded request and authenticates the node that forwarded it.
const Header = "Admitone-Hop"

// Protocol is the version of the header. Requests are not forwarded to nodes of another version.
const Protocol = 1

// Hop is the content of the header of a forwarded request.
type Hop struct {
	// From is the run of the first node, View the hash of the serving nodes that it knows.
	From string
	View uint64
	// Command is the id of the command, for a request without a key. After is the log position after
	// which the command may have been decided already.
	Command string
	After   events.Position
	// Client is the address of the caller; the zero Addr if limits per address don't apply.
	Client netip.Addr
	// At is when the first node received the request, Until when it stops waiting for the answer.
	At, Until time.Time
	// Clock is At by the clock of the first node, never converted: tokens were checked at that time.
	Clock time.Time
}

// ErrForged is returned for a header that no node of this system has signed.
var ErrForged = errors.New("the header of a forwarded request is not signed by a node of this system")

// text returns the header without its signature. skew is how far the receiver's clock is ahead.
func (h *Hop) text(skew time.Duration) string {
	text := make([]byte, 0, 384)
	field := func(name, value string) { text = append(append(append(text, "; "...), name...), value...) }
	number := func(name string, n int64) { field(name, ""); text = strconv.AppendInt(text, n, 10) }
	text = strconv.AppendInt(text, Protocol, 10)
	field("from=", h.From)
	field("view=", hash16(h.View))
	field("command=", h.Command)
	number("after=", int64(h.After))
	if field("client=", "-"); h.Client.IsValid() {
		text = h.Client.AppendTo(text[:len(text)-1])
	}
	number("at=", h.At.Add(skew).UnixNano())
	number("until=", h.Until.Add(skew).UnixMilli())
	number("clock=", h.At.UnixNano())
	field("mac=", "")
	return string(text)
}

// hash16 formats a hash as 16 hexadecimal digits.
func hash16(hash uint64) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 0, 8), hash))
}

// Secret signs the requests that nodes send to each other. It is safe for concurrent use.
type Secret struct {
	signers sync.Pool // of *signer, since preparing a key costs more than a signature
}

// signer computes one signature at a time.
type signer struct {
	mac    hash.Hash
	signed []byte // buffer for the signed text
}

// NewSecret returns the secret with this key.
func NewSecret(key []byte) *Secret {
	s := &Secret{}
	s.signers.New = func() any { return &signer{mac: hmac.New(sha256.New, key)} }
	return s
}

// signature is an HMAC-SHA-256 in hexadecimal digits.
type signature [2 * sha256.Size]byte

func (s *Secret) sign(method, uri string, body []byte, text string) (signed signature) {
	w := s.signers.Get().(*signer)
	defer s.signers.Put(w)
	sum := sha256.Sum256(body)
	w.signed = append(append(append(append(w.signed[:0], method...), '\n'), uri...), '\n')
	w.signed = append(append(hex.AppendEncode(w.signed, sum[:]), '\n'), text...)
	w.mac.Reset()
	w.mac.Write(w.signed)
	hex.Encode(signed[:], w.mac.Sum(w.signed[:0]))
	return signed
}

// Seal returns the signed header of a request. skew is how far the receiver's clock is ahead.
func (s *Secret) Seal(h *Hop, skew time.Duration, method, uri string, body []byte) string {
	text := h.text(skew)
	mac := s.sign(method, uri, body, text)
	return text + string(mac[:])
}

// Open checks the signature of a request's header and parses it. Error: ErrForged.
func (s *Secret) Open(header, method, uri string, body []byte) (*Hop, error) {
	const macField = "; mac="
	end := strings.LastIndex(header, macField)
	if end < 0 {
		return nil, ErrForged
	}
	text, mac := header[:end+len(macField)], header[end+len(macField):]
	want := s.sign(method, uri, body, text)
	if !hmac.Equal([]byte(mac), want[:]) {
		return nil, ErrForged
	}
	return parseHop(header[:end])
}

// parseHop parses a header without its signature.
func parseHop(text string) (*Hop, error) {
	version, fields, _ := strings.Cut(text, "; ")
	if version != strconv.Itoa(Protocol) {
		return nil, ErrForged
	}
	h := &Hop{}
	for field := range strings.SplitSeq(fields, "; ") {
		name, value, _ := strings.Cut(field, "=")
		if err := h.set(name, value); err != nil {
			return nil, ErrForged
		}
	}
	if h.Clock.IsZero() { // older builds do not send it
		h.Clock = h.At
	}
	return h, nil
}

func (h *Hop) set(name, value string) error {
	number := func() int64 { n, _ := strconv.ParseInt(value, 10, 64); return n }
	var err error
	switch name {
	case "from":
		h.From = value
	case "view":
		h.View, err = strconv.ParseUint(value, 16, 64)
	case "command":
		h.Command = value
	case "after":
		h.After = events.Position(number())
	case "client":
		if value != "-" {
			h.Client, err = netip.ParseAddr(value)
		}
	case "at":
		h.At = time.Unix(0, number()).UTC()
	case "until":
		h.Until = time.UnixMilli(number()).UTC()
	case "clock":
		h.Clock = time.Unix(0, number()).UTC()
	}
	return err
}
