package archive

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Compression is the compression of a file.
type Compression string

// The supported compressions.
const (
	None Compression = ""
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// CompressionOf returns the compression according to a file's name.
func CompressionOf(name string) Compression {
	switch {
	case strings.HasSuffix(name, ".gz"):
		return Gzip
	case strings.HasSuffix(name, ".zst"):
		return Zstd
	}
	return None
}

// compress returns a writer of one piece of a file, which Close ends. Both formats allow pieces to be concatenated
// (RFC 1952 section 2.2, RFC 8878 section 3).
func (c Compression) compress(out io.Writer) (io.WriteCloser, error) {
	switch c {
	case None:
		return uncompressed{out}, nil
	case Gzip:
		return gzip.NewWriter(out), nil
	case Zstd:
		// A single goroutine leaves the other cores for reading the log.
		return zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("unknown compression %q", c)
}

// uncompressed writes without compression.
type uncompressed struct{ io.Writer }

// Close implements io.Closer.
func (uncompressed) Close() error { return nil }

// maxWindow bounds the memory for decompression in bytes.
const maxWindow = 64 << 20

// decompress returns a reader of a file with any number of pieces. The caller must call done, even after an error.
func (c Compression) decompress(in io.Reader) (out io.Reader, done func(), err error) {
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
	return nil, func() {}, fmt.Errorf("unknown compression %q", c)
}
