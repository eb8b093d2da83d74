package merkle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The files in a tree's folder. The first two only ever grow; see doc.go.
const (
	// hashesFile has the hashes of the tree, 32 bytes each, in the order of tlog.StoredHashIndex.
	hashesFile = "hashes"
	// headsFile has a signed head per line, as a JSON string.
	headsFile = "heads"
	// newestFile has one such line: the newest head signed when the log became idle. It is
	// replaced.
	newestFile = "newest"
)

// hashes is an open hashesFile.
type hashes struct{ file *os.File }

// offset returns where the hashes after the first size leaves begin.
func offset(size int64) int64 { return tlog.StoredHashCount(size) * tlog.HashSize }

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if _, err := h.file.ReadAt(found[i][:], index*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("hash %d of the tree: %w", index, err)
		}
	}
	return found, nil
}

// write writes the hashes after those of the first size leaves.
func (h hashes) write(size int64, added []tlog.Hash) error {
	bytes := make([]byte, 0, len(added)*tlog.HashSize)
	for i := range added {
		bytes = append(bytes, added[i][:]...)
	}
	_, err := h.file.WriteAt(bytes, offset(size))
	return err
}

// appendHead appends one head as a line and syncs the file.
func appendHead(file *os.File, h Checkpoint) error {
	line, err := json.Marshal(h.Note)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		return err
	}
	return file.Sync()
}

// maxHeadLine bounds a line of headsFile.
const maxHeadLine = 4 << 10

// maxDamagedHeads bounds the bytes at the end of headsFile that are searched for a head.
const maxDamagedHeads = 1 << 20

// readHeadLine parses a line of headsFile; with a nil verifier, signatures are not verified.
func readHeadLine(line []byte, verifier note.Verifier) (Checkpoint, error) {
	var text string
	if err := json.Unmarshal(line, &text); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %v", ErrBadHead, err)
	}
	if verifier == nil {
		return ReadHead(text)
	}
	return OpenHead(text, verifier)
}

// ending describes the end of a headsFile.
type ending struct {
	last    Checkpoint // the last head signed by the key, zero if none
	whole   int64      // bytes of complete lines
	open    bool       // the last line is a head without its line end
	damaged int        // lines after last that are not heads of this key
}

// lastHead examines the end of headsFile. A truncated line does not count; one with only its line
// end damaged does.
func lastHead(file *os.File, verifier note.Verifier) (end ending, err error) {
	info, err := file.Stat()
	if err != nil {
		return end, err
	}
	for window := int64(2 * maxHeadLine); ; window *= 8 {
		from := max(0, info.Size()-window)
		tail := make([]byte, info.Size()-from)
		if _, err := file.ReadAt(tail, from); err != nil && err != io.EOF {
			return end, err
		}
		if end = endingOf(tail, from, verifier); end.last.Note != "" || from == 0 || window > maxDamagedHeads {
			return end, nil
		}
	}
}

// endingOf is lastHead for the bytes of the file from from on.
func endingOf(tail []byte, from int64, verifier note.Verifier) (end ending) {
	lines := bytes.LastIndexByte(tail, '\n') + 1
	if h, size, ok := unended(tail[lines:], verifier); ok {
		return ending{last: h, whole: from + int64(lines+size), open: true}
	}
	tail = tail[:lines]
	end.whole = from + int64(lines)
	for len(tail) > 0 {
		begin := bytes.LastIndexByte(tail[:len(tail)-1], '\n') + 1
		if end.last, _ = readHeadLine(tail[begin:], verifier); end.last.Note != "" {
			return end
		}
		tail = tail[:begin]
		end.damaged++
	}
	return end
}

// unended parses the head of a line whose end is missing or damaged, and returns its size without
// the end.
func unended(rest []byte, verifier note.Verifier) (h Checkpoint, size int, ok bool) {
	for size = len(rest); size > 0 && size >= len(rest)-1; size-- {
		if h, err := readHeadLine(rest[:size], verifier); err == nil {
			return h, size, true
		}
	}
	return Checkpoint{}, 0, false
}

// leaves returns the number of leaves whose hashes a hashesFile of a size holds completely.
func leaves(size int64) int64 {
	stored := size / tlog.HashSize
	n := stored/2 + 64 // a tree of n leaves has fewer than 2n hashes, and at least n
	for n > 0 && tlog.StoredHashCount(n) > stored {
		n--
	}
	return n
}

// Seen returns the number of events that the tree in dir covers of the log of verifier's key, 0 if
// there is no such tree. It changes nothing. A tree covers durable events only. Errors: the disk's.
func Seen(dir string, verifier note.Verifier) (size int64, err error) {
	file, err := os.Open(filepath.Join(dir, headsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	end, err := lastHead(file, verifier)
	if err != nil {
		return 0, err
	}
	newest, err := readNewest(dir, verifier)
	if err != nil {
		return 0, err
	}
	if size = max(end.last.Size, newest.Size); end.last.Note == "" && newest.Note == "" {
		return 0, nil // the hashes may be of a different log
	}
	info, err := os.Stat(filepath.Join(dir, hashesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return size, nil
	}
	if err != nil {
		return 0, err
	}
	return max(size, leaves(info.Size())), nil
}

// writeNewest replaces newestFile durably.
func writeNewest(dir string, h Checkpoint) error {
	name := filepath.Join(dir, newestFile)
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	if err := errors.Join(appendHead(file, h), file.Close()); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// readNewest reads newestFile; it returns the zero head if there is none signed by the key.
func readNewest(dir string, verifier note.Verifier) (h Checkpoint, err error) {
	line, err := os.ReadFile(filepath.Join(dir, newestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h, err = readHeadLine(line, verifier)
	if errors.Is(err, ErrBadHead) {
		return Checkpoint{}, nil
	}
	return h, err
}

// heads iterates over the complete lines of a headsFile, numbered from 1. A line that is not a head
// signed by the key yields an ErrBadHead, and iteration continues. A folder without the file has no
// heads.
func heads(dir string, verifier note.Verifier) iter.Seq2[Checkpoint, error] {
	return func(yield func(Checkpoint, error) bool) {
		file, err := os.Open(filepath.Join(dir, headsFile))
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(Checkpoint{}, err)
			return
		}
		defer file.Close()
		in := bufio.NewReaderSize(file, maxHeadLine)
		for n := 1; ; n++ {
			line, err := in.ReadSlice('\n')
			if err == io.EOF {
				if h, _, ok := unended(line, verifier); ok {
					yield(h, nil)
				}
				return
			}
			if err != nil {
				yield(Checkpoint{}, fmt.Errorf("%w: line %d of %s: %v", ErrBadHead, n, headsFile, err))
				return
			}
			h, err := readHeadLine(line, verifier)
			if err != nil {
				err = fmt.Errorf("line %d of %s: %w", n, headsFile, err)
			}
			if !yield(h, err) {
				return
			}
		}
	}
}

// syncDir syncs the names in dir.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
