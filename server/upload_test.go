package server

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/parquet"
	"github.com/seed-09a2cce4/automl/trials"
)

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func parquetFile(t *testing.T) string {
	t.Helper()
	table, err := data.FromRows([]map[string]any{{"age": 31.0, "city": "Oslo"}, {"age": 45.0, "city": "Lima"}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, table); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUpload(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	const csvText = "age,city\n31,Oslo\n45,Lima\n"
	columns := []automl.ColumnInfo{{Name: "age", Kind: "number"}, {Name: "city", Kind: "string"}}
	tests := []struct{ name, ctype, body string }{
		{"csv", typeCSV, csvText},
		{"csv with a charset", "text/csv; charset=utf-8", csvText},
		{"csv as bytes", typeBinary, csvText},
		{"csv gzipped", typeCSV, zipped(csvText)},
		{"no type", "", csvText},
		{"parquet", typeParquet, parquetFile(t)},
		{"parquet as bytes", typeBinary, parquetFile(t)},
	}
	ids := map[string]bool{}
	for _, tt := range tests {
		var d automl.Dataset
		a := f.want(201, "POST", "/v1/datasets?name="+strings.ReplaceAll(tt.name, " ", "+"), tt.body, ctype, tt.ctype)
		f.decode(a, &d)
		if d.Name != tt.name || d.Rows != 2 || d.Bytes != int64(len(tt.body)) || a.Header.Get("Location") != "/v1/datasets/"+d.ID {
			t.Errorf("%s: %+v, location %q", tt.name, d, a.Header.Get("Location"))
		}
		if diff := cmp.Diff(columns, d.Columns); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		ids[d.ID] = true

		blob, err := f.s.bus.GetBlob(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		table, err := data.Decode(bytes.NewReader(blob), 1<<20)
		if err != nil || table.Rows() != 2 || table.Columns()[1].Text(1) != "Lima" {
			t.Errorf("%s: stored table %v, error %v", tt.name, table, err)
		}
	}
	if len(ids) != 1 {
		t.Errorf("equal tables have the ids %v", ids)
	}
	if left, _ := os.ReadDir(f.s.uploadDir); len(left) > 0 {
		t.Errorf("%d files are left over", len(left))
	}
}

func TestUploadRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Limits: Limits{UploadBytes: 1000, Rows: 50, Columns: 10, Datasets: 1}})
	tests := []struct {
		name, path, ctype, body string
		status                  int
		detail                  string
	}{
		{"form", "/v1/datasets", "multipart/form-data; boundary=x", "--x", 415, "raw body"},
		{"curl's default", "/v1/datasets", "application/x-www-form-urlencoded", "a,b\n1,2\n", 415, "text/csv"},
		{"bad type", "/v1/datasets", "a/b/c;;", "a,b\n1,2\n", 415, "text/csv"},
		{"empty", "/v1/datasets", typeCSV, "", 400, "empty"},
		{"header only", "/v1/datasets", typeCSV, "a,b\n", 400, "no rows"},
		{"ragged", "/v1/datasets", typeCSV, "a,b\n1,2\n1,2,3\n", 400, "line 3"},
		{"binary", "/v1/datasets", typeCSV, "a\x00\x01\x02,b\n1,2\n", 400, "upload"},
		{"damaged parquet", "/v1/datasets", typeParquet, "PAR1 and nothing else", 400, "upload"},
		{"damaged gzip", "/v1/datasets", typeCSV, "\x1f\x8b\x08oops", 400, "upload"},
		{"many bytes", "/v1/datasets", typeCSV, strings.Repeat("a,b\n", 251), 413, "1000 bytes"},
		{"many rows", "/v1/datasets", typeCSV, "a,b\n" + strings.Repeat("1,2\n", 51), 413, "50"},
		{"many columns", "/v1/datasets", typeCSV, "a,b,c,d,e,f,g,h,i,j,k\n1,2,3,4,5,6,7,8,9,10,11\n", 413, "10"},
		{"many bytes inside", "/v1/datasets", typeCSV, zipped("a,b\n" + strings.Repeat("xxxxxxxxxxxxxxx,2\n", 1000)), 413, ""},
		{"long name", "/v1/datasets?name=" + strings.Repeat("x", 201), typeCSV, "a,b\n1,2\n", 422, "name"},
		{"odd name", "/v1/datasets?name=%ff", typeCSV, "a,b\n1,2\n", 422, "name"},
	}
	for _, tt := range tests {
		a := f.do("POST", tt.path, tt.body, ctype, tt.ctype)
		if p := a.problem(t); a.StatusCode != tt.status || !strings.Contains(p.Detail, tt.detail) || strings.Contains(p.Detail, f.s.uploadDir) {
			t.Errorf("%s: status %d, %q; want %d, %q", tt.name, a.StatusCode, p.Detail, tt.status, tt.detail)
		}
	}
	f.want(201, "POST", "/v1/datasets", "a,b\n1,2\n", ctype, typeCSV)
	f.want(http.StatusInsufficientStorage, "POST", "/v1/datasets", "a,b\n1,3\n", ctype, typeCSV)
	if left, _ := os.ReadDir(f.s.uploadDir); len(left) > 0 {
		t.Errorf("%d files are left over", len(left))
	}
}

func TestUploadsAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	for range cap(f.s.uploads) {
		f.s.uploads <- struct{}{}
	}
	a := f.want(503, "POST", "/v1/datasets", "a,b\n1,2\n", ctype, typeCSV)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestDatasets(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	if a := f.want(200, "GET", "/v1/datasets", ""); a.body != "{\"datasets\":[]}\n" {
		t.Errorf("no data sets: %s", a.body)
	}
	id := f.upload()
	var d automl.Dataset
	f.decode(f.want(200, "GET", "/v1/datasets/"+id, ""), &d)
	if d.ID != id || d.Rows != 60 || len(d.Columns) != 3 || d.Created.IsZero() {
		t.Errorf("%+v", d)
	}
	f.want(404, "GET", "/v1/datasets/nope", "")
	f.want(404, "DELETE", "/v1/datasets/nope", "")

	f.store(trials.Job{ID: "busy", Dataset: id, State: trials.JobRunning})
	if p := f.want(409, "DELETE", "/v1/datasets/"+id, "").problem(t); !strings.Contains(p.Detail, "job busy") {
		t.Errorf("%q", p.Detail)
	}
	f.update("busy", func(j *trials.Job) { j.State = trials.JobFailed })
	if a := f.want(204, "DELETE", "/v1/datasets/"+id, ""); a.body != "" {
		t.Errorf("body %q", a.body)
	}
	f.want(404, "GET", "/v1/datasets/"+id, "")
	if _, err := f.s.bus.GetBlob(t.Context(), id); err == nil {
		t.Error("the table is still on the bus")
	}
}

func TestDatasetsSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := openDatasets(dir, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	info := automl.Dataset{ID: "abc", Name: "n", Rows: 3, Columns: []automl.ColumnInfo{{Name: "x", Kind: "number"}}}
	if err := d.put(info); err != nil {
		t.Fatal(err)
	}
	if err := d.put(automl.Dataset{ID: "../abc"}); err == nil {
		t.Error("an id that leaves the directory was stored")
	}
	for name, content := range map[string]string{"bad.json": "{", "other.json": `{"id":"else"}`, ".tmp-1": "half", "note.txt": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := openDatasets(dir, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]automl.Dataset{info}, again.list()); diff != "" {
		t.Error(diff)
	}
	if err := again.remove("abc"); err != nil {
		t.Fatal(err)
	}
	if last, err := openDatasets(dir, testLog(t)); err != nil || last.len() != 0 {
		t.Errorf("%d are left, error %v", last.len(), err)
	}
}
