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

// The files in a tree's folder. Both only ever grow; see doc.go.
const (
	// hashesFile has the hashes of the tree, 32 bytes each, each at the place that
	// tlog.StoredHashIndex gives it.
	hashesFile = "hashes"
	// headsFile has a signed head per line, as a JSON string.
	headsFile = "heads"
)

// hashes is an open hashesFile.
type hashes struct{ file *os.File }

// offset is where the hashes of the leaves behind the first size begin.
func offset(size int64) int64 { return tlog.StoredHashCount(size) * tlog.HashSize }

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if _, err := h.file.ReadAt(found[i][:], index*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("merkle: hash %d: %w", index, err)
		}
	}
	return found, nil
}

// write puts the hashes of the leaves behind the first size into the file.
func (h hashes) write(size int64, added []tlog.Hash) error {
	bytes := make([]byte, 0, len(added)*tlog.HashSize)
	for i := range added {
		bytes = append(bytes, added[i][:]...)
	}
	_, err := h.file.WriteAt(bytes, offset(size))
	return err
}

// appendHead writes one head as a line of headsFile, and has it on the disk when it
// returns.
func appendHead(file *os.File, h SignedHead) error {
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

// readHeadLine reads a line of headsFile; verifier nil looks at no signature.
func readHeadLine(line []byte, verifier note.Verifier) (SignedHead, error) {
	var text string
	if err := json.Unmarshal(line, &text); err != nil {
		return SignedHead{}, fmt.Errorf("%w: %v", ErrBadHead, err)
	}
	if verifier == nil {
		return ReadHead(text)
	}
	return OpenHead(text, verifier)
}

// lastHead finds the last head in headsFile that the key has signed, the zero one if
// there is none, and how much of the file are whole lines. A line that a crash cut
// short has no end; it is no line.
func lastHead(file *os.File, verifier note.Verifier) (last SignedHead, whole int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return last, 0, err
	}
	from := max(0, info.Size()-2*maxHeadLine)
	tail := make([]byte, info.Size()-from)
	if _, err := file.ReadAt(tail, from); err != nil && err != io.EOF {
		return last, 0, err
	}
	tail = tail[:bytes.LastIndexByte(tail, '\n')+1]
	whole = from + int64(len(tail))
	for len(tail) > 0 {
		begin := bytes.LastIndexByte(tail[:len(tail)-1], '\n') + 1
		if h, err := readHeadLine(tail[begin:], verifier); err == nil {
			return h, whole, nil
		}
		tail = tail[:begin]
	}
	return SignedHead{}, whole, nil
}

// heads iterates over the whole lines of a headsFile, from 1 on. What is no head,
// or none that the key has signed, is yielded as an ErrBadHead, and the next line
// follows. A folder without the file has no heads.
func heads(dir string, verifier note.Verifier) iter.Seq2[SignedHead, error] {
	return func(yield func(SignedHead, error) bool) {
		file, err := os.Open(filepath.Join(dir, headsFile))
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(SignedHead{}, err)
			return
		}
		defer file.Close()
		in := bufio.NewReaderSize(file, maxHeadLine)
		for n := 1; ; n++ {
			line, err := in.ReadSlice('\n')
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(SignedHead{}, fmt.Errorf("%w: line %d of %s: %v", ErrBadHead, n, headsFile, err))
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

// syncFolder makes names in dir survive a power loss.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
