package merkle

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// ErrBadHead: the text is not a signed head, or has no valid signature of the given key.
var ErrBadHead = errors.New("not a head that this key has signed")

// Head commits to a log of a certain size.
type Head struct {
	// Epoch of the log.
	Epoch string
	// Size is how many events the log had.
	Size int64
	// Root is the root of the tree over them.
	Root tlog.Hash
}

// Position returns the position of the last event that the head covers. Positions are 1, 2, 3, …
func (h *Head) Position() events.Position { return events.Position(h.Size) }

// Checkpoint is a head with the note that it was read from, or written to.
type Checkpoint struct {
	Head
	// Note is a signed note (golang.org/x/mod/sumdb/note): three lines of text, an empty line, a
	// signature or more. The text is a checkpoint of C2SP's tlog-checkpoint: the name of the log,
	// the size, the root in base64.
	Note string
}

// namePrefix comes before the epoch in the name of a log's key.
const namePrefix = "admitone/"

// AppendJSON appends the head as an object: its note, its contents, and the public key that signed
// it.
func (h *Checkpoint) AppendJSON(dst []byte, key *Key) []byte {
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

// textLines is the number of lines before the signatures of a head: its text and an empty line.
const textLines = 4

// maxSignatures is the most signatures that are accepted, as in note.Open.
const maxSignatures = 100

// ReadHead parses a signed head without verifying its signatures; see [OpenHead]. Besides the log's
// signature there may be cosignatures of witnesses. Only the canonical form of a text is accepted.
// Error: [ErrBadHead].
func ReadHead(text string) (Checkpoint, error) {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) < textLines+2 || len(lines) > textLines+1+maxSignatures || lines[len(lines)-1] != "" ||
		lines[3] != "\n" {
		return Checkpoint{}, fmt.Errorf("%w: it must have three lines, an empty one and signatures", ErrBadHead)
	}
	epoch, named := strings.CutPrefix(strings.TrimSuffix(lines[0], "\n"), namePrefix)
	size, err := strconv.ParseInt(strings.TrimSuffix(lines[1], "\n"), 10, 64)
	if !named || err != nil || size < 0 {
		return Checkpoint{}, fmt.Errorf("%w: it begins with %.60q, %.20q", ErrBadHead, lines[0], lines[1])
	}
	root, err := tlog.ParseHash(strings.TrimSuffix(lines[2], "\n"))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its root is %.60q", ErrBadHead, lines[2])
	}
	h := Head{Epoch: epoch, Size: size, Root: root}
	signatures := lines[textLines : len(lines)-1]
	if h.text() != strings.Join(lines[:3], "") || !plainSignatures(signatures) {
		return Checkpoint{}, fmt.Errorf("%w: it is not in canonical form", ErrBadHead)
	}
	return Checkpoint{Head: h, Note: text}, nil
}

// plainSignatures reports whether the signatures are canonical and distinct.
func plainSignatures(lines []string) bool {
	for i, line := range lines {
		if !plainSignature(line) || slices.Contains(lines[:i], line) {
			return false
		}
	}
	return true
}

// plainSignature reports whether a signature is in canonical base64, without stray bits at its end.
func plainSignature(line string) bool {
	cut := strings.LastIndexByte(line, ' ')
	encoded := strings.TrimSuffix(line[cut+1:], "\n")
	signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return err == nil && base64.StdEncoding.EncodeToString(signature) == encoded
}

// OpenHead parses a head that verifier's key must have signed; other signatures are ignored. Error:
// [ErrBadHead].
func OpenHead(text string, verifier note.Verifier) (Checkpoint, error) {
	h, err := ReadHead(text)
	if err != nil {
		return h, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w (%s): %v", ErrBadHead, verifier.Name(), err)
	}
	if len(opened.Sigs) != 1 || namePrefix+h.Epoch != verifier.Name() {
		return Checkpoint{}, fmt.Errorf("%w (%s): it is of %s", ErrBadHead, verifier.Name(), h.Epoch)
	}
	return h, nil
}
