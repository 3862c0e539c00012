package csv

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// load reads all of r and returns it as UTF-8 text that ends with a line feed.
func load(r io.Reader, o Options) ([]byte, error) {
	raw, err := readAll(r, o)
	if err != nil {
		return nil, err
	}
	text, err := toUTF8(raw, o.Report)
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		line := 1 + bytes.Count(text[:i], []byte{'\n'})
		return nil, fmt.Errorf("%w: line %d holds a zero byte (give a CSV file, as text or gzip)", ErrBinary, line)
	}
	if bytes.IndexByte(text, '\n') < 0 { // perhaps lines ended by CR alone
		for i, c := range text {
			if c == '\r' {
				text[i] = '\n'
			}
		}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, ErrEmpty
	}
	if text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return text, nil
}

// readAll reads r to its end, decompressed if it is gzip, within MaxBytes.
func readAll(r io.Reader, o Options) ([]byte, error) {
	hint := sizeOf(r)
	b := bufio.NewReaderSize(r, 1<<16)
	r = b
	if magic, _ := b.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		defer z.Close()
		o.Report.Gzip = true
		r, hint = z, 4*hint
	}
	hint = min(hint, o.MaxBytes, 1<<30)
	buf := make([]byte, 0, hint+64<<10) // room to meet the end of the file without growing
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > o.MaxBytes {
			return nil, fmt.Errorf("%w: more than %d bytes of text", ErrTooLarge, o.MaxBytes)
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
	}
}

// sizeOf is the size of a regular file or of what is in memory, 0 for other readers.
func sizeOf(r io.Reader) int64 {
	if b, ok := r.(interface{ Len() int }); ok {
		return int64(b.Len())
	}
	f, ok := r.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// toUTF8 decodes the text and cuts off its byte order mark.
func toUTF8(raw []byte, report *Report) ([]byte, error) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		report.Encoding = "utf-16le"
		return fromUTF16(raw[2:], binary.LittleEndian)
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		report.Encoding = "utf-16be"
		return fromUTF16(raw[2:], binary.BigEndian)
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if utf8.Valid(raw) {
		report.Encoding = "utf-8"
		return raw, nil
	}
	report.Encoding = "windows-1252"
	report.Warnings = append(report.Warnings, "the file is not UTF-8: it is read as Windows-1252 (Latin-1)")
	return fromWindows1252(raw), nil
}

func fromUTF16(raw []byte, order binary.ByteOrder) ([]byte, error) {
	if len(raw)%2 != 0 {
		return nil, fmt.Errorf("%w: UTF-16 with an odd number of bytes", ErrBinary)
	}
	text := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i += 2 {
		r := rune(order.Uint16(raw[i:]))
		if r >= 0xd800 && r < 0xdc00 && i+4 <= len(raw) { // the first of a pair
			if low := rune(order.Uint16(raw[i+2:])); low >= 0xdc00 && low < 0xe000 {
				r = 0x10000 + (r-0xd800)<<10 + low - 0xdc00
				i += 2
			}
		}
		text = utf8.AppendRune(text, r) // a lone surrogate becomes U+FFFD
	}
	return text, nil
}

// windows1252 holds the characters 0x80 to 0x9f, where it differs from Latin-1
// (WHATWG Encoding Standard, index-windows-1252).
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

func fromWindows1252(raw []byte) []byte {
	text := make([]byte, 0, len(raw)+len(raw)/8)
	for _, c := range raw {
		switch {
		case c < 0x80:
			text = append(text, c)
		case c < 0xa0:
			text = utf8.AppendRune(text, windows1252[c-0x80])
		default:
			text = utf8.AppendRune(text, rune(c))
		}
	}
	return text
}
