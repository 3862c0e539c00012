package parquet

import (
	"bufio"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// maxPage bounds a page, unpacked; writers make them of about 1 MB.
	maxPage = 1 << 30
	// maxUnpacking bounds how many times its size a page may unpack to, beyond
	// the first pageAllowance bytes: run lengths of one value go to thousands.
	maxUnpacking  = 1 << 12
	pageAllowance = 1 << 24
)

// checkPages walks the page headers of a chunk and refuses what would make the
// decoder allocate out of proportion: values beyond those the chunk declares,
// pages that reach beyond the file, absurd ratios of compression.
func checkPages(r io.ReaderAt, size int64, meta format.ColumnMetaData) error {
	if meta.Codec == format.Lz4Raw {
		// parquet-go 0.32 returns zeros for pages that shrink to more than a third,
		// and never ends on damaged ones.
		return fmt.Errorf("%w: LZ4 compression cannot be read: write it with Snappy, gzip or Zstandard", ErrFormat)
	}
	start := meta.DataPageOffset
	if d := meta.DictionaryPageOffset; d > 0 && d < start {
		start = d
	}
	if start < 4 || meta.TotalCompressedSize < 0 || start > size-meta.TotalCompressedSize {
		return fmt.Errorf("%w: its pages lie outside the file", ErrFormat)
	}
	section := io.NewSectionReader(r, start, size-start)
	var protocol thrift.CompactProtocol
	left := meta.NumValues
	for left > 0 {
		buffered := bufio.NewReaderSize(section, 512)
		before, _ := section.Seek(0, io.SeekCurrent)
		reader := protocol.NewReader(buffered)
		var h format.PageHeader
		if err := thrift.NewDecoder(reader).Decode(&h); err != nil {
			return fmt.Errorf("%w: page header: %w", ErrFormat, err)
		}
		now, _ := section.Seek(0, io.SeekCurrent)
		header := now - before - int64(buffered.Buffered())
		values, err := checkPage(&h, size-start-before-header)
		if err != nil {
			return err
		}
		if left -= values; left < 0 {
			return fmt.Errorf("%w: its pages declare more values than the column has", ErrFormat)
		}
		if _, err := section.Seek(before+header+int64(h.CompressedPageSize), io.SeekStart); err != nil {
			return err
		}
	}
	return nil
}

// checkPage checks a page header against the bytes left in the file and returns
// how many values its page holds.
func checkPage(h *format.PageHeader, left int64) (values int64, err error) {
	packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if packed < 0 || packed > left || unpacked < 0 || unpacked > maxPage || unpacked > pageAllowance+maxUnpacking*packed {
		return 0, fmt.Errorf("%w: a page of %d bytes that claims to unpack to %d", ErrFormat, packed, unpacked)
	}
	switch {
	case h.DictionaryPageHeader.Valid:
		if n := int64(h.DictionaryPageHeader.V.NumValues); n < 0 || n > 8*unpacked {
			return 0, fmt.Errorf("%w: a dictionary of %d values in %d bytes", ErrFormat, n, unpacked)
		}
	case h.DataPageHeader.Valid:
		values = int64(h.DataPageHeader.V.NumValues)
	case h.DataPageHeaderV2.Valid:
		values = int64(h.DataPageHeaderV2.V.NumValues)
	}
	if values < 0 {
		return 0, fmt.Errorf("%w: a page of %d values", ErrFormat, values)
	}
	return values, nil
}
