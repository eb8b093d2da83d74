package merkle

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// ErrBadHead: the text is not a signed head, or not one with a good signature of
// the key it was held against.
var ErrBadHead = errors.New("merkle: not a head that this key has signed")

// Head says what a log was when it had a certain size.
type Head struct {
	// Epoch of the log.
	Epoch string
	// Size is how many events the log had.
	Size int64
	// Root is the root of the tree over them.
	Root tlog.Hash
}

// Position of the last event that the head is about. Positions are 1, 2, 3, …
func (h *Head) Position() events.Position { return events.Position(h.Size) }

// SignedHead is a head with the note that it was read from, or written to.
type SignedHead struct {
	Head
	// Note is a signed note (golang.org/x/mod/sumdb/note): three lines of text, an
	// empty line, a signature. The text is a checkpoint as C2SP's tlog-checkpoint has
	// it: the name of the log, the size, the root in base64.
	Note string
}

// namePrefix comes before the epoch in the name of a log's key.
const namePrefix = "admitone/"

// AppendJSON appends the head as an object: its note, what it says, and the public
// half of the key that has signed it.
func (h *SignedHead) AppendJSON(dst []byte, key *Key) []byte {
	o := events.OpenObject(dst)
	o.String("epoch", h.Epoch)
	o.Int("size", h.Size)
	o.Int("position", int64(h.Position()))
	o.String("root", h.Root.String())
	o.String("note", h.Note)
	o.String("key", key.String())
	return o.Close()
}

// text is the part of the note that is signed.
func (h *Head) text() string {
	return namePrefix + h.Epoch + "\n" + strconv.FormatInt(h.Size, 10) + "\n" + h.Root.String() + "\n"
}

// noteLines is how many lines a signed head has.
const noteLines = 5

// ReadHead reads a signed head without looking at who has signed it; see [OpenHead].
// Only the one way to write it is taken. Error: [ErrBadHead].
func ReadHead(text string) (SignedHead, error) {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) != noteLines+1 || lines[noteLines] != "" || lines[3] != "\n" {
		return SignedHead{}, fmt.Errorf("%w: it has not the five lines of one", ErrBadHead)
	}
	epoch, named := strings.CutPrefix(strings.TrimSuffix(lines[0], "\n"), namePrefix)
	size, err := strconv.ParseInt(strings.TrimSuffix(lines[1], "\n"), 10, 64)
	if !named || err != nil || size < 0 {
		return SignedHead{}, fmt.Errorf("%w: it begins with %.60q, %.20q", ErrBadHead, lines[0], lines[1])
	}
	root, err := tlog.ParseHash(strings.TrimSuffix(lines[2], "\n"))
	if err != nil {
		return SignedHead{}, fmt.Errorf("%w: its root is %.60q", ErrBadHead, lines[2])
	}
	h := Head{Epoch: epoch, Size: size, Root: root}
	if h.text() != strings.Join(lines[:3], "") || !plainSignature(lines[4]) {
		return SignedHead{}, fmt.Errorf("%w: it is not written the way it is", ErrBadHead)
	}
	return SignedHead{Head: h, Note: text}, nil
}

// plainSignature says whether a signature is in the one spelling that there is of
// it: base64 leaves a few bits open at its end.
func plainSignature(line string) bool {
	cut := strings.LastIndexByte(line, ' ')
	encoded := strings.TrimSuffix(line[cut+1:], "\n")
	signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return err == nil && base64.StdEncoding.EncodeToString(signature) == encoded
}

// OpenHead reads a signed head that verifier's key must have signed.
// Error: [ErrBadHead].
func OpenHead(text string, verifier note.Verifier) (SignedHead, error) {
	h, err := ReadHead(text)
	if err != nil {
		return h, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return SignedHead{}, fmt.Errorf("%w (%s): %v", ErrBadHead, verifier.Name(), err)
	}
	if len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) != 0 || namePrefix+h.Epoch != verifier.Name() {
		return SignedHead{}, fmt.Errorf("%w (%s): it is of %s", ErrBadHead, verifier.Name(), h.Epoch)
	}
	return h, nil
}
