package csv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
)

// scanner finds records and cells in a text that ends with a line feed. A cell
// is quoted if its first character after white space is a quote; the splitter,
// the cell scanner and unquote all go by that.
type scanner struct {
	text      []byte
	delimiter byte
	width     int // cells a record
	// mayBeShort: the last column has no name, so a record may lack its cell.
	mayBeShort bool
	blockBytes int // of text in a block, at least
	waveBytes  int // of text whose cells have their places in memory at a time
}

// blockBytes is how much text a block holds at least: small enough for the
// cache, large enough that the blocks' overhead doesn't show.
const blockBytes = 1 << 20

// block is a stretch of whole records and where their cells are.
type block struct {
	text []byte
	rows int
	// starts holds width+1 positions a record: cell j is the text from its start
	// to the character before the next start.
	starts []uint32
}

// line is the line of the file, from 1, at an offset into the text.
func (s *scanner) line(offset int) int {
	return 1 + bytes.Count(s.text[:offset], []byte{'\n'})
}

// isBlank reports white space that may stand around a cell.
func (s *scanner) isBlank(c byte) bool { return (c == ' ' || c == '\t') && c != s.delimiter }

// opens reports whether the quote at i opens a quoted cell of text.
func (s *scanner) opens(text []byte, i int) bool {
	for i > 0 && s.isBlank(text[i-1]) {
		i--
	}
	return i == 0 || text[i-1] == s.delimiter || text[i-1] == '\n'
}

// closing returns where the quoted cell that opens at i has its closing quote,
// -1 if it has none.
func closing(text []byte, i int) int {
	for i++; ; i += 2 {
		q := bytes.IndexByte(text[i:], '"')
		if q < 0 {
			return -1
		}
		i += q
		if i+1 == len(text) || text[i+1] != '"' {
			return i
		}
	}
}

// split returns the ends of blocks of whole records from offset start on.
func (s *scanner) split(start int) ([]int, error) {
	var ends []int
	next := start + s.blockBytes // the block ends with the first record that ends after it
	for i := start; i < len(s.text); {
		stretch := len(s.text) // the end of text outside quotes
		q := bytes.IndexByte(s.text[i:], '"')
		if q >= 0 {
			stretch = i + q
		}
		for next < stretch {
			from := max(next, i)
			n := bytes.IndexByte(s.text[from:stretch], '\n')
			if n < 0 {
				break
			}
			end := from + n + 1
			ends = append(ends, end)
			next = end + s.blockBytes
		}
		if q < 0 {
			break
		}
		i = stretch + 1
		if s.opens(s.text, stretch) {
			c := closing(s.text, stretch)
			if c < 0 {
				return nil, fmt.Errorf("line %d: %w", s.line(stretch), ErrQuote)
			}
			i = c + 1
		}
	}
	if len(ends) == 0 || ends[len(ends)-1] < len(s.text) {
		ends = append(ends, len(s.text))
	}
	return ends, nil
}

// blocks splits the text from offset start on and scans all blocks.
func (s *scanner) blocks(start, threads int) ([]block, error) {
	ends, err := s.split(start)
	if err != nil {
		return nil, err
	}
	blocks := make([]block, len(ends))
	ragged := make([]*RaggedError, len(ends))
	begins := append([]int{start}, ends...)
	for i, end := range ends {
		if end-begins[i] >= math.MaxUint32 {
			return nil, fmt.Errorf("line %d: %w: a record of more than 4 GiB", s.line(begins[i]), ErrTooLarge)
		}
	}
	inParallel(len(ends), threads, func(i int) {
		from := begins[i]
		var offset int
		blocks[i], ragged[i], offset = s.scan(s.text[from:ends[i]])
		if len(s.text) > s.waveBytes { // they are found again, a wave at a time
			s.forget(&blocks[i])
		}
		if ragged[i] != nil {
			ragged[i].Line = from + offset // the offset, until the line is counted below
		}
	})
	for _, r := range ragged {
		if r != nil { // the first one in the file
			r.Line = s.line(r.Line)
			r.Delimiter = rune(s.delimiter)
			return nil, r
		}
	}
	return blocks, nil
}

// inParallel calls f for 0..n-1 from at most that many goroutines.
func inParallel(n, threads int, f func(int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, threads) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	group.Wait()
}

// scan finds the cells of a block. A record of the wrong width ends it: then
// offset is where that record begins.
func (s *scanner) scan(text []byte) (b block, ragged *RaggedError, offset int) {
	b.text = text
	lines := bytes.Count(text, []byte{'\n'})
	// A cell takes a byte at least, so that quoted line ends cannot blow this up.
	b.starts = (*startsPool.Get().(*[]uint32))[:0]
	if n := min(lines*(s.width+1), 2*len(text)); cap(b.starts) < n {
		b.starts = make([]uint32, 0, n)
	}
	if bytes.IndexByte(text, '"') < 0 {
		ragged, offset = s.scanPlain(&b)
	} else {
		ragged, offset = s.scanQuoted(&b)
	}
	return b, ragged, offset
}

// scanQuoted scans a block cell by cell.
func (s *scanner) scanQuoted(b *block) (ragged *RaggedError, offset int) {
	for i := 0; i < len(b.text); {
		begin, mark, cells := i, len(b.starts), 0
		for {
			if cells <= s.width {
				b.starts = append(b.starts, uint32(i))
			}
			cells++
			i = s.cellEnd(b.text, i)
			if b.text[i] == '\n' {
				break
			}
			i++
		}
		if !s.endRecord(b, begin, i, mark, cells) {
			return &RaggedError{Want: s.width, Got: cells}, begin
		}
		i++
	}
	return nil, 0
}

// scanPlain scans a block without quotes, eight bytes at a time.
func (s *scanner) scanPlain(b *block) (ragged *RaggedError, offset int) {
	delimiters, lineFeeds := uint64(s.delimiter)*ones, uint64('\n')*ones
	begin, mark, cells := 0, 0, 1
	b.starts = append(b.starts, 0)
	for base := 0; base < len(b.text); base += 8 {
		var word uint64
		if base+8 <= len(b.text) {
			word = binary.LittleEndian.Uint64(b.text[base:])
		} else {
			var tail [8]byte // its zeros are no separators
			copy(tail[:], b.text[base:])
			word = binary.LittleEndian.Uint64(tail[:])
		}
		for found := zeroBytes(word^delimiters) | zeroBytes(word^lineFeeds); found != 0; found &= found - 1 {
			i := base + bits.TrailingZeros64(found)/8
			if b.text[i] == '\n' {
				if !s.endRecord(b, begin, i, mark, cells) {
					return &RaggedError{Want: s.width, Got: cells}, begin
				}
				begin, mark, cells = i+1, len(b.starts), 0
			}
			if cells <= s.width {
				b.starts = append(b.starts, uint32(i+1))
			}
			cells++
		}
	}
	b.starts = b.starts[:mark] // the start after the last line feed
	return nil, 0
}

const ones = 0x0101010101010101

// zeroBytes has the highest bit set of each byte of v that is zero.
func zeroBytes(v uint64) uint64 {
	const low = 0x7f * ones
	return ^((v&low + low) | v | low)
}

// endRecord ends the record of b.text[begin:i], whose starts begin at mark;
// false if it has the wrong number of cells.
func (s *scanner) endRecord(b *block, begin, i, mark, cells int) bool {
	end := i
	if end > begin && b.text[end-1] == '\r' {
		end--
	}
	if cells == 1 && s.blankLine(b.text[begin:end]) {
		b.starts = b.starts[:mark]
		return true
	}
	if !s.settle(b, mark, cells, end) {
		return false
	}
	b.rows++
	return true
}

// cellEnd returns where the cell that starts at i ends: at a delimiter or a line feed.
func (s *scanner) cellEnd(text []byte, i int) int {
	for s.isBlank(text[i]) {
		i++
	}
	if text[i] == '"' {
		i = closing(text, i) + 1 // there is one: split has seen it
	}
	delimiter := s.delimiter
	for j, c := range text[i:] {
		if c == delimiter || c == '\n' {
			return i + j
		}
	}
	return len(text) - 1 // not reached: the text ends with a line feed outside quotes
}

// blankLine reports a line to skip. In a file of one column white space is a
// missing cell.
func (s *scanner) blankLine(line []byte) bool {
	if s.width > 1 {
		for len(line) > 0 && s.isBlank(line[0]) {
			line = line[1:]
		}
	}
	return len(line) == 0
}

// settle completes the starts of a record that has the given number of cells and
// ends at end; false if that number is wrong.
func (s *scanner) settle(b *block, mark, cells, end int) bool {
	switch cells {
	case s.width:
		b.starts = append(b.starts, uint32(end+1))
		return true
	case s.width + 1: // a delimiter at the end of the line
		return len(bytes.TrimSpace(b.text[b.starts[mark+s.width]:end])) == 0
	case s.width - 1:
		if !s.mayBeShort {
			return false
		}
		b.starts = append(b.starts, uint32(end+1), uint32(end+2)) // an empty cell
		return true
	}
	return false
}

// cell returns the content of cell j of row i of a block. The buffer is used
// when quotes must be taken out of it.
func (b *block) cell(i, j, width int, buf *[]byte) []byte {
	at := i*(width+1) + j
	text := b.text[b.starts[at] : b.starts[at+1]-1]
	if len(text) == 0 || text[0] > '"' && text[len(text)-1] > ' ' {
		return text // the commonest: neither quoted nor to be trimmed
	}
	return content(text, buf)
}

// content is a cell's text, trimmed and unquoted.
func content(text []byte, buf *[]byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	if len(text) > 0 && text[0] == '"' {
		return unquote(text, buf)
	}
	return text
}

// unquote takes the quotes out of a cell that begins with one.
func unquote(text []byte, buf *[]byte) []byte {
	end := closing(text, 0)
	content := text[1:end]
	doubled := bytes.IndexByte(content, '"') >= 0
	if !doubled && end == len(text)-1 {
		return content
	}
	out := (*buf)[:0]
	for i := 0; i < len(content); i++ {
		out = append(out, content[i])
		if content[i] == '"' {
			i++ // the second of two
		}
	}
	out = append(out, text[end+1:]...)
	*buf = out
	return out
}

// first reads the first record: where it starts, its cells, where the next starts.
func (s *scanner) first(maxColumns int) (start int, cells []string, next int, err error) {
	s.width = 2 // so that lines of white space are skipped
	for s.blankLine(bytes.TrimSuffix(s.lineAt(start), []byte{'\r'})) {
		start += len(s.lineAt(start)) + 1
	}
	var buf []byte
	for i := start; ; i++ {
		begin := i
		for s.isBlank(s.text[i]) {
			i++
		}
		if s.text[i] == '"' && closing(s.text, i) < 0 {
			return 0, nil, 0, fmt.Errorf("line %d: %w", s.line(i), ErrQuote)
		}
		i = s.cellEnd(s.text, begin)
		end := i
		if s.text[i] == '\n' && end > begin && s.text[end-1] == '\r' {
			end--
		}
		if len(cells) == maxColumns {
			return 0, nil, 0, fmt.Errorf("line %d: %w: more than %d columns", s.line(start), ErrTooLarge, maxColumns)
		}
		cells = append(cells, string(content(s.text[begin:end], &buf)))
		if s.text[i] == '\n' {
			return start, cells, i + 1, nil
		}
	}
}

func (s *scanner) lineAt(start int) []byte {
	return s.text[start : start+bytes.IndexByte(s.text[start:], '\n')]
}
