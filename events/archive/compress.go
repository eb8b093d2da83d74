package archive

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Compression is how a file is compressed.
type Compression string

// The compressions there are.
const (
	None Compression = ""
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// CompressionOf says what a file's name promises.
func CompressionOf(name string) Compression {
	switch {
	case strings.HasSuffix(name, ".gz"):
		return Gzip
	case strings.HasSuffix(name, ".zst"):
		return Zstd
	}
	return None
}

// compress begins a piece of a file, which ends with Close. Pieces may follow one
// another: both formats have it so (RFC 1952 section 2.2, RFC 8878 section 3).
func (c Compression) compress(out io.Writer) (io.WriteCloser, error) {
	switch c {
	case None:
		return plain{out}, nil
	case Gzip:
		return gzip.NewWriter(out), nil
	case Zstd:
		// One goroutine: what is exported is read on the other core.
		return zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("archive: unknown compression %q", c)
}

// plain is no compression.
type plain struct{ io.Writer }

// Close implements io.Closer.
func (plain) Close() error { return nil }

// maxWindow bounds what a compressed file may make its reader hold, in bytes.
const maxWindow = 64 << 20

// expand reads a file of any number of pieces. The caller calls done.
func (c Compression) expand(in io.Reader) (out io.Reader, done func(), err error) {
	switch c {
	case None:
		return in, func() {}, nil
	case Gzip:
		r, err := gzip.NewReader(bufio.NewReaderSize(in, 1<<20))
		return r, func() {}, err
	case Zstd:
		r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, func() {}, err
		}
		return r, r.Close, nil
	}
	return nil, func() {}, fmt.Errorf("archive: unknown compression %q", c)
}
