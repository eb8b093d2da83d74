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

// compress begins a piece of a file, which ends with Close. Pieces may be concatenated in both
// formats (RFC 1952 section 2.2, RFC 8878 section 3).
func (c Compression) compress(out io.Writer) (io.WriteCloser, error) {
	switch c {
	case None:
		return plain{out}, nil
	case Gzip:
		return gzip.NewWriter(out), nil
	case Zstd:
		// One goroutine, to leave the other core to reading the log.
		return zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("unknown compression %q", c)
}

// plain means no compression.
type plain struct{ io.Writer }

// Close implements io.Closer.
func (plain) Close() error { return nil }

// maxWindow bounds the memory for decompression in bytes.
const maxWindow = 64 << 20

// expand decompresses a file of any number of pieces. The caller must call done.
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
	return nil, func() {}, fmt.Errorf("unknown compression %q", c)
}
