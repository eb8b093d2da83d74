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

// ErrBadHead means that a text is not a signed head, or has no valid signature by the given key.
var ErrBadHead = errors.New("not a head that this key has signed")

// Head commits to the first events of a log.
type Head struct {
	// Epoch is the epoch of the log.
	Epoch string
	// Size is the number of events that the head covers.
	Size int64
	// Root is the root of the tree over them.
	Root tlog.Hash
	// Own means that the head covers only this system's own events, as recognised by [events.Lineage], in the
	// order of the log. Otherwise it covers all events, at the positions 1, 2, 3, …
	Own bool
	// Last is the position of the last event that an Own head covers, 0 for none. Other heads do not use it.
	Last events.Position
}

// Position returns the position of the last event that the head covers.
func (h *Head) Position() events.Position {
	if h.Own {
		return h.Last
	}
	return events.Position(h.Size)
}

// counts returns the word for the events that the head covers, as shown in JSON.
func (h *Head) counts() string {
	if h.Own {
		return "own"
	}
	return "all"
}

// Checkpoint is a signed head.
type Checkpoint struct {
	Head
	// Note is the signed note (golang.org/x/mod/sumdb/note): three or four lines of text, an empty line, and one
	// or more signatures. The text is a checkpoint of C2SP's tlog-checkpoint: the name of the log, the size, and
	// the root in base64. An Own head also has an extension line: "own events, up to position N".
	Note string
}

// namePrefix precedes the epoch in the name of a log.
const namePrefix = "admitone/"

// AppendJSON appends the head as an object with its contents, its note, and the public key that signed it.
func (h *Checkpoint) AppendJSON(dst []byte, key *Key) []byte { return h.appendJSON(dst, key.String()) }

// appendJSON is AppendJSON for the text of the public key.
func (h *Checkpoint) appendJSON(dst []byte, key string) []byte {
	o := events.OpenObject(dst)
	o.String("epoch", h.Epoch)
	o.Int("size", h.Size)
	o.Int("position", int64(h.Position()))
	o.String("root", h.Root.String())
	o.String("note", h.Note)
	o.String("key", key)
	o.String("counts", h.counts())
	return o.Close()
}

// ownPrefix begins the extension line of an Own head. The last position follows.
const ownPrefix = "own events, up to position "

// text returns the part of the note that is signed.
func (h *Head) text() string {
	text := namePrefix + h.Epoch + "\n" + strconv.FormatInt(h.Size, 10) + "\n" + h.Root.String() + "\n"
	if h.Own {
		text += ownPrefix + strconv.FormatUint(uint64(h.Last), 10) + "\n"
	}
	return text
}

// minLines is the smallest number of lines of a head's text.
const minLines = 3

// maxSignatures is the largest number of signatures that are accepted, as in note.Open.
const maxSignatures = 100

// ReadHead parses a signed head without verifying its signatures; see [OpenHead]. Besides the log's signature
// there may be cosignatures of witnesses. Only the canonical form is accepted. Error: [ErrBadHead].
func ReadHead(text string) (Checkpoint, error) {
	lines := strings.SplitAfter(text, "\n")
	end := slices.Index(lines, "\n")
	if end < minLines || end > minLines+1 || len(lines) < end+3 || len(lines) > end+2+maxSignatures ||
		lines[len(lines)-1] != "" {
		return Checkpoint{}, fmt.Errorf("%w: it must have three or four lines, an empty line and 1 to %d signatures",
			ErrBadHead, maxSignatures)
	}
	h, err := parseHead(lines[:end])
	if err != nil {
		return Checkpoint{}, err
	}
	if h.text() != strings.Join(lines[:end], "") || !canonicalSignatures(lines[end+1:len(lines)-1]) {
		return Checkpoint{}, fmt.Errorf("%w: it is not in canonical form", ErrBadHead)
	}
	return Checkpoint{Head: h, Note: text}, nil
}

// parseHead parses the lines of a head's text.
func parseHead(lines []string) (h Head, err error) {
	epoch, hasPrefix := strings.CutPrefix(strings.TrimSuffix(lines[0], "\n"), namePrefix)
	size, err := strconv.ParseInt(strings.TrimSuffix(lines[1], "\n"), 10, 64)
	if !hasPrefix || err != nil || size < 0 {
		return h, fmt.Errorf("%w: its first lines are %.60q and %.20q, not a name and a size", ErrBadHead, lines[0], lines[1])
	}
	root, err := tlog.ParseHash(strings.TrimSuffix(lines[2], "\n"))
	if err != nil {
		return h, fmt.Errorf("%w: its third line is %.60q, not a root", ErrBadHead, lines[2])
	}
	h = Head{Epoch: epoch, Size: size, Root: root}
	if len(lines) == minLines {
		return h, nil
	}
	position, own := strings.CutPrefix(strings.TrimSuffix(lines[minLines], "\n"), ownPrefix)
	last, err := strconv.ParseUint(position, 10, 63)
	if !own || err != nil || uint64(size) > last {
		return h, fmt.Errorf("%w: its fourth line is %.60q, not the position of its last own event", ErrBadHead,
			lines[minLines])
	}
	h.Own, h.Last = true, events.Position(last)
	return h, nil
}

// canonicalSignatures reports whether the signatures are canonical and distinct.
func canonicalSignatures(lines []string) bool {
	for i, line := range lines {
		if !canonicalSignature(line) || slices.Contains(lines[:i], line) {
			return false
		}
	}
	return true
}

// canonicalSignature reports whether a signature is in canonical base64, with zero trailing bits.
func canonicalSignature(line string) bool {
	cut := strings.LastIndexByte(line, ' ')
	encoded := strings.TrimSuffix(line[cut+1:], "\n")
	signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return err == nil && base64.StdEncoding.EncodeToString(signature) == encoded
}

// OpenHead parses a head and verifies the signature by verifier's key. It ignores other signatures. Error:
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
		return Checkpoint{}, fmt.Errorf("%w (%s): it is a head of the log with epoch %s", ErrBadHead, verifier.Name(), h.Epoch)
	}
	return h, nil
}
