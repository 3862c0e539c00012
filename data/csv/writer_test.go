package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/data"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	day, _ := data.ParseTime("Jan 2, 2024", "Jan 2, 2006")
	tab, err := data.NewTable(
		&data.Column{Name: "a,b", Kind: data.String, Dict: []string{"x", "say \"hi\"", " y"}, Codes: []int32{0, 1, -1, 2}},
		&data.Column{Name: "n", Floats: []float64{1, 0.5, math.NaN(), -3e30}},
		&data.Column{Name: "d", Kind: data.Time, Layout: "Jan 2, 2006", Times: []int64{day, data.MissingTime, day, day}},
	)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, tab); err != nil {
		t.Fatal(err)
	}
	want := "\"a,b\",n,d\nx,1,\"Jan 2, 2024\"\n\"say \"\"hi\"\"\",0.5,\n,,\"Jan 2, 2024\"\n\" y\",-3e+30,\"Jan 2, 2024\"\n"
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
	again, err := Read(&b, Options{})
	if err != nil || again.Digest() != tab.Digest() {
		t.Errorf("read again: %v\n%s", err, dump(again))
	}
}

func TestWriterMixesCells(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Text("")
	w.EndRow()
	w.Number(math.NaN())
	w.EndRow()
	w.Text("")
	w.Number32(0.1)
	w.EndRow()
	if err := w.Flush(); err != nil || b.String() != "\"\"\n\"\"\n,0.1\n" {
		t.Errorf("%v %q", err, b.String())
	}
}

func TestWriterKeepsTheFirstError(t *testing.T) {
	t.Parallel()
	r, pipe := io.Pipe()
	r.Close()
	tab, _ := data.NewTable(&data.Column{Name: "n", Floats: make([]float64, 100_000)})
	if err := Write(pipe, tab); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// TestWriterIsReadByOthers: encoding/csv reads the texts that were written.
func TestWriterIsReadByOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOf(rapid.SampledFrom([]rune("ab ,;\"\n\t'é")))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 2), 1, 5).Draw(t, "rows")
		var b bytes.Buffer
		w := NewWriter(&b)
		for _, row := range rows {
			for _, c := range row {
				w.Text(c)
			}
			w.EndRow()
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, err := stdcsv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || !slices.EqualFunc(got, rows, slices.Equal) {
			t.Fatalf("%v: wrote %q, read %q", err, rows, got)
		}
	})
}
