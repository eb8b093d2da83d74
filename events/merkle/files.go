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

// The files in a tree's folder. The first two only grow; see doc.go.
const (
	// hashesFile has the hashes of the tree, 32 bytes each, in the order of tlog.StoredHashIndex.
	hashesFile = "hashes"
	// headsFile has a signed head per line, as a JSON string.
	headsFile = "heads"
	// newestFile has a single such line: the head that was last signed when the log became idle. The file is
	// replaced for each head.
	newestFile = "newest"
)

// hashes is the open hashesFile.
type hashes struct{ file *os.File }

// offset returns the offset in hashesFile of the hashes that follow those of the first size leaves.
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

// write writes added after the hashes of the first size leaves.
func (h hashes) write(size int64, added []tlog.Hash) error {
	bytes := make([]byte, 0, len(added)*tlog.HashSize)
	for i := range added {
		bytes = append(bytes, added[i][:]...)
	}
	_, err := h.file.WriteAt(bytes, offset(size))
	return err
}

// appendHead appends a line with a head and syncs the file.
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

// maxHeadLine is the length limit of a line of headsFile, in bytes.
const maxHeadLine = 4 << 10

// maxDamagedHeads bounds the bytes at the end of headsFile that are searched for a valid head.
const maxDamagedHeads = 1 << 20

// readHeadLine parses a line of headsFile. If verifier is nil, signatures are not verified.
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

// headsTail describes the end of headsFile.
type headsTail struct {
	last         Checkpoint // the last head signed by the key, zero for none
	size         int64      // the length of the valid part, in bytes
	unterminated bool       // last lacks its newline
	damaged      int        // number of lines after last that are not heads signed by the key
}

// lastHead reads the end of headsFile. It ignores a truncated line, unless only its newline is missing or
// damaged.
func lastHead(file *os.File, verifier note.Verifier) (end headsTail, err error) {
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
		if end = parseTail(tail, from, verifier); end.last.Note != "" || from == 0 || window > maxDamagedHeads {
			return end, nil
		}
	}
}

// parseTail is lastHead for the bytes of the file that begin at offset from.
func parseTail(tail []byte, from int64, verifier note.Verifier) (end headsTail) {
	lines := bytes.LastIndexByte(tail, '\n') + 1
	if h, size, ok := unterminatedHead(tail[lines:], verifier); ok {
		return headsTail{last: h, size: from + int64(lines+size), unterminated: true}
	}
	tail = tail[:lines]
	end.size = from + int64(lines)
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

// unterminatedHead parses a head whose newline is missing or damaged, and returns its size without the newline.
func unterminatedHead(rest []byte, verifier note.Verifier) (h Checkpoint, size int, ok bool) {
	for size = len(rest); size > 0 && size >= len(rest)-1; size-- {
		if h, err := readHeadLine(rest[:size], verifier); err == nil {
			return h, size, true
		}
	}
	return Checkpoint{}, 0, false
}

// leafCount returns the number of leaves whose hashes are complete in a hashesFile of size bytes.
func leafCount(size int64) int64 {
	stored := size / tlog.HashSize
	n := stored/2 + 64 // a tree of n leaves has fewer than 2n hashes, and at least n
	for n > 0 && tlog.StoredHashCount(n) > stored {
		n--
	}
	return n
}

// CoveredSize returns the number of events that the tree in dir covers, 0 if there is no tree whose heads are
// signed by verifier's key. All of them were durable in the log. It changes no files. Errors: those of the file
// system.
func CoveredSize(dir string, verifier note.Verifier) (size int64, err error) {
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
		return 0, nil // the hashes may be those of a different log
	}
	info, err := os.Stat(filepath.Join(dir, hashesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return size, nil
	}
	if err != nil {
		return 0, err
	}
	return max(size, leafCount(info.Size())), nil
}

// writeNewest replaces newestFile atomically.
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

// readNewest reads newestFile. It returns the zero head if the file has no head signed by the key.
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

// heads iterates over the heads in headsFile. A line that is not a head signed by the key yields an ErrBadHead
// with the number of the line, and iteration continues. If the file does not exist, there are no heads.
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
				if h, _, ok := unterminatedHead(line, verifier); ok {
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

// syncDir makes the creation and renaming of files in dir durable.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
