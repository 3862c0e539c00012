package csv

import "bytes"

const (
	sniffBytes   = 256 << 10
	sniffRecords = 200
)

// sniff finds out the delimiter from the beginning of a text: the one by which
// the largest share of records has as many cells as the first, which must have
// two; of equals the one that makes more cells, then the earlier in the list.
// Without any it is the comma.
func sniff(text []byte) rune {
	sample := text
	if len(sample) > sniffBytes {
		sample = sample[:sniffBytes]
		if end := bytes.LastIndexByte(sample, '\n'); end >= 0 {
			sample = sample[:end+1]
		} else {
			sample = append(bytes.Clone(sample), '\n')
		}
	}
	best, bestShare, bestWidth := ',', 0.0, 0
	for _, d := range ",;\t|" {
		widths := recordWidths(&scanner{text: sample, delimiter: byte(d), width: 2})
		if len(widths) == 0 || widths[0] < 2 {
			continue
		}
		same := 0
		for _, w := range widths {
			if w == widths[0] {
				same++
			}
		}
		share := float64(same) / float64(len(widths))
		if share > bestShare || share == bestShare && widths[0] > bestWidth {
			best, bestShare, bestWidth = d, share, widths[0]
		}
	}
	return best
}

// recordWidths counts the cells of the first records. An open quote, which the
// end of the sample may have cut, ends the count.
func recordWidths(s *scanner) []int {
	var widths []int
	cells, begin := 0, 0
	for i := 0; i < len(s.text) && len(widths) < sniffRecords; i++ {
		start := i
		for s.isBlank(s.text[i]) {
			i++
		}
		if s.text[i] == '"' && closing(s.text, i) < 0 {
			break
		}
		i = s.cellEnd(s.text, start)
		cells++
		if s.text[i] != '\n' {
			continue
		}
		if cells > 1 || !s.blankLine(bytes.TrimSuffix(s.text[begin:i], []byte{'\r'})) {
			widths = append(widths, cells)
		}
		cells, begin = 0, i+1
	}
	return widths
}
