package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// FormatVersion is the newest bundle version this package reads. What it writes is of
// the first version that has all of the model's sections.
const FormatVersion = 2

// ErrCorrupt is wrapped by the errors for bundles that are truncated, damaged
// or not bundles at all.
var ErrCorrupt = errors.New("not a usable model bundle")

// ErrNewer is wrapped by the error for a bundle of a later format version.
var ErrNewer = errors.New("model bundle written by a newer version of automl")

const (
	magic       = "AUTOML\r\n"
	headerSize  = 64
	entrySize   = 64
	nameSize    = 32
	alignment   = 64
	maxSections = 64
	// maxBundle bounds what a reader will look at.
	maxBundle = 8 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// section is a named part of the file, given in one or more pieces.
type section struct {
	name   string
	pieces [][]byte
}

func (s *section) size() int {
	n := 0
	for _, p := range s.pieces {
		n += len(p)
	}
	return n
}

func (s *section) checksum() uint32 {
	sum := uint32(0)
	for _, p := range s.pieces {
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum
}

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// writeSections writes header, table and sections.
func writeSections(w io.Writer, version uint32, sections []section) (int64, error) {
	offset := align(headerSize + len(sections)*entrySize)
	table := make([]byte, len(sections)*entrySize)
	for i, s := range sections {
		e := table[i*entrySize:]
		copy(e[:nameSize], s.name)
		binary.LittleEndian.PutUint64(e[32:], uint64(offset))
		binary.LittleEndian.PutUint64(e[40:], uint64(s.size()))
		binary.LittleEndian.PutUint32(e[48:], s.checksum())
		offset = align(offset + s.size())
	}
	header := make([]byte, headerSize)
	copy(header, magic)
	binary.LittleEndian.PutUint32(header[8:], version)
	binary.LittleEndian.PutUint32(header[12:], uint32(len(sections)))
	binary.LittleEndian.PutUint64(header[16:], uint64(offset))
	binary.LittleEndian.PutUint32(header[24:], crc32.Checksum(table, castagnoli))
	binary.LittleEndian.PutUint32(header[60:], crc32.Checksum(header[:60], castagnoli))

	cw := &countingWriter{w: w}
	cw.write(header)
	cw.write(table)
	cw.pad()
	for _, s := range sections {
		for _, p := range s.pieces {
			cw.write(p)
		}
		cw.pad()
	}
	return cw.n, cw.err
}

type countingWriter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *countingWriter) write(b []byte) {
	if c.err != nil {
		return
	}
	n, err := c.w.Write(b)
	c.n, c.err = c.n+int64(n), err
}

func (c *countingWriter) pad() {
	var zero [alignment]byte
	c.write(zero[:align(int(c.n))-int(c.n)])
}

// readSections reads and verifies a whole bundle.
func readSections(r io.ReaderAt, size int64) (map[string][]byte, error) {
	if size < headerSize {
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrCorrupt, size)
	}
	if size > maxBundle {
		return nil, fmt.Errorf("%w: %d bytes are too many", ErrCorrupt, size)
	}
	header := make([]byte, headerSize)
	if _, err := r.ReadAt(header, 0); err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	if string(header[:8]) != magic {
		return nil, fmt.Errorf("%w: it does not start like one", ErrCorrupt)
	}
	if crc32.Checksum(header[:60], castagnoli) != binary.LittleEndian.Uint32(header[60:]) {
		return nil, fmt.Errorf("%w: the header is damaged", ErrCorrupt)
	}
	if v := binary.LittleEndian.Uint32(header[8:]); v > FormatVersion {
		return nil, fmt.Errorf("%w: format %d, this one reads up to %d", ErrNewer, v, FormatVersion)
	}
	count := int(binary.LittleEndian.Uint32(header[12:]))
	if want := binary.LittleEndian.Uint64(header[16:]); want != uint64(size) {
		return nil, fmt.Errorf("%w: %d bytes of %d are here", ErrCorrupt, size, want)
	}
	if count > maxSections || int64(headerSize+count*entrySize) > size {
		return nil, fmt.Errorf("%w: %d sections", ErrCorrupt, count)
	}
	table := make([]byte, count*entrySize)
	if _, err := r.ReadAt(table, headerSize); err != nil && count > 0 {
		return nil, fmt.Errorf("read the section table: %w", err)
	}
	if crc32.Checksum(table, castagnoli) != binary.LittleEndian.Uint32(header[24:]) {
		return nil, fmt.Errorf("%w: the section table is damaged", ErrCorrupt)
	}
	return readTable(r, size, table)
}

func readTable(r io.ReaderAt, size int64, table []byte) (map[string][]byte, error) {
	sections := make(map[string][]byte, len(table)/entrySize)
	end := int64(headerSize + len(table))
	for ; len(table) > 0; table = table[entrySize:] {
		name := cString(table[:nameSize])
		offset := binary.LittleEndian.Uint64(table[32:])
		length := binary.LittleEndian.Uint64(table[40:])
		// Sections lie one behind the other, so their sum is bounded by the file.
		if offset < uint64(end) || offset > uint64(size) || length > uint64(size)-offset {
			return nil, fmt.Errorf("%w: section %q lies outside the file", ErrCorrupt, name)
		}
		if err := checkPadding(r, end, int64(offset)); err != nil {
			return nil, err
		}
		data := make([]byte, length)
		if _, err := r.ReadAt(data, int64(offset)); err != nil && length > 0 {
			return nil, fmt.Errorf("read section %q: %w", name, err)
		}
		if crc32.Checksum(data, castagnoli) != binary.LittleEndian.Uint32(table[48:]) {
			return nil, fmt.Errorf("%w: section %q is damaged", ErrCorrupt, name)
		}
		end = int64(offset + length)
		sections[name] = data
	}
	return sections, checkPadding(r, end, size)
}

// checkPadding makes sure that the bytes which no checksum covers are zero.
func checkPadding(r io.ReaderAt, from, to int64) error {
	var pad [alignment]byte
	if to-from >= alignment {
		return fmt.Errorf("%w: %d bytes belong to no section", ErrCorrupt, to-from)
	}
	gap := pad[:to-from]
	if _, err := r.ReadAt(gap, from); err != nil && len(gap) > 0 {
		return fmt.Errorf("read the padding: %w", err)
	}
	for _, b := range gap {
		if b != 0 {
			return fmt.Errorf("%w: the padding is damaged", ErrCorrupt)
		}
	}
	return nil
}

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
