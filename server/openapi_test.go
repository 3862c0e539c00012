package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openapi reads the served document.
func openapi(f *fixture, headers ...string) map[string]any {
	f.Helper()
	a := f.want(200, "GET", "/openapi.json", "", headers...)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err != nil {
		f.Fatal(err)
	}
	return doc.(map[string]any)
}

// operation is one operation of the document.
type operation struct {
	method, path string
	at           string // JSON pointer
	spec         map[string]any
}

func operations(doc map[string]any) []operation {
	var all []operation
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			at := "#/paths/" + strings.ReplaceAll(strings.ReplaceAll(path, "~", "~0"), "/", "~1") + "/" + method
			all = append(all, operation{method, path, at, op.(map[string]any)})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.at, b.at) })
	return all
}

func TestOpenAPIOperations(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	doc := openapi(f)
	if doc["openapi"] != "3.1.0" || doc["info"].(map[string]any)["title"] == "" || doc["info"].(map[string]any)["version"] == "" {
		t.Errorf("%v %v", doc["openapi"], doc["info"])
	}
	want := []string{
		"delete /v1/datasets/{id}", "get /healthz", "get /metrics", "get /readyz", "get /v1/datasets", "get /v1/datasets/{id}", "get /v1/jobs",
		"get /v1/jobs/{id}", "get /v1/jobs/{id}/events", "get /v1/jobs/{id}/leaderboard", "get /v1/jobs/{id}/model", "get /v1/jobs/{id}/report",
		"post /v1/datasets", "post /v1/jobs", "post /v1/jobs/{id}/cancel", "post /v1/jobs/{id}/predict",
	}
	var got []string
	ids := map[string]bool{}
	placeholder := regexp.MustCompile(`\{(\w+)\}`)
	for _, op := range operations(doc) {
		got = append(got, op.method+" "+op.path)
		id, _ := op.spec["operationId"].(string)
		if id == "" || ids[id] {
			t.Errorf("%s: operation id %q is empty or repeated", op.at, id)
		}
		ids[id] = true
		if op.spec["summary"] == nil || op.spec["tags"] == nil {
			t.Errorf("%s: no summary or tag", op.at)
		}
		checkResponses(t, op)
		params := map[string]bool{}
		list, _ := op.spec["parameters"].([]any)
		for _, p := range list {
			p := p.(map[string]any)
			if p["in"] == "path" {
				params[p["name"].(string)] = p["required"] == true
			}
		}
		for _, m := range placeholder.FindAllStringSubmatch(op.path, -1) {
			if !params[m[1]] {
				t.Errorf("%s: path parameter %s is not described as required", op.at, m[1])
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("operations\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func checkResponses(t *testing.T, op operation) {
	t.Helper()
	responses := op.spec["responses"].(map[string]any)
	ok, problem := false, false
	for code, r := range responses {
		r := r.(map[string]any)
		if r["description"] == nil || r["description"] == "" {
			t.Errorf("%s: answer %s has no description", op.at, code)
		}
		ok = ok || code[0] == '2'
		content, _ := r["content"].(map[string]any)
		problem = problem || content["application/problem+json"] != nil
		if code[0] >= '4' && code[0] <= '5' && content["application/problem+json"] == nil {
			t.Errorf("%s: answer %s is no problem document", op.at, code)
		}
	}
	if !ok || !problem {
		t.Errorf("%s: no success or no problem among the answers", op.at)
	}
}

// Every schema of the document is a schema of JSON Schema 2020-12, which
// OpenAPI 3.1 is based on, every reference leads somewhere, and every example
// fits its schema.
func TestOpenAPISchemas(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	doc := openapi(f)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	examples := 0
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s/%d", at, i), e)
			}
		case map[string]any:
			for k, e := range v {
				next := at + "/" + url.PathEscape(strings.ReplaceAll(strings.ReplaceAll(k, "~", "~0"), "/", "~1"))
				isSchema := k == "schema" || at == "#/components/schemas"
				if !isSchema {
					if k != "example" && k != "examples" {
						walk(next, e)
					}
					continue
				}
				s, err := c.Compile("openapi.json" + next)
				if err != nil {
					t.Errorf("%s: %v", next, err)
					continue
				}
				if example, ok := v["example"]; ok && k == "schema" {
					examples++
					if err := s.Validate(example); err != nil {
						t.Errorf("%s: example %v: %v", at, example, err)
					}
				}
				examples += checkExamples(t, c, next, e)
			}
		}
	}
	walk("#", map[string]any{"paths": doc["paths"], "components": doc["components"]})
	if examples < 5 {
		t.Errorf("only %d examples were found", examples)
	}
}

// checkExamples holds the examples within a schema against it.
func checkExamples(t *testing.T, c *jsonschema.Compiler, at string, v any) (n int) {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		return 0
	}
	if list, ok := m["examples"].([]any); ok {
		s, err := c.Compile("openapi.json" + at)
		if err != nil {
			t.Errorf("%s: %v", at, err)
			return 0
		}
		for _, e := range list {
			n++
			if err := s.Validate(e); err != nil {
				t.Errorf("%s: example %v: %v", at, e, err)
			}
		}
	}
	for k, e := range m {
		n += checkExamples(t, c, at+"/"+url.PathEscape(strings.ReplaceAll(k, "/", "~1")), e)
	}
	return n
}

// What the service answers is what the document says it answers.
func TestAnswersFitTheDocument(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	doc := openapi(f)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	id := f.upload()
	submit := `{"dataset":"` + id + `","target":"bought","time":"5s"}`
	a := f.want(202, "POST", "/v1/jobs", submit, ctype, jsonType)
	job := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(a.body)[1]
	tests := []struct {
		schema string
		body   string
	}{
		{"JobStatus", a.body},
		{"JobRequest", submit},
		{"JobStatus", f.want(200, "GET", "/v1/jobs/"+job, "").body},
		{"ListOutputBody", f.want(200, "GET", "/v1/jobs", "").body},
		{"Dataset", f.want(200, "GET", "/v1/datasets/"+id, "").body},
		{"DatasetListBody", f.want(200, "GET", "/v1/datasets", "").body},
		{"BoardOutputBody", f.want(200, "GET", "/v1/jobs/"+job+"/leaderboard", "").body},
		{"ErrorModel", f.want(422, "POST", "/v1/jobs", `{"dataset":"`+id+`","target":"x"}`, ctype, jsonType).body},
	}
	for _, tt := range tests {
		s, err := c.Compile("openapi.json#/components/schemas/" + tt.schema)
		if err != nil {
			t.Errorf("%s: %v", tt.schema, err)
			continue
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.body))
		if err == nil {
			err = s.Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", tt.schema, tt.body, err)
		}
	}
}

func TestOpenAPISaysHowToGetIn(t *testing.T) {
	t.Parallel()
	doc := openapi(newFixture(t, Config{Token: "x"}), "Authorization", "Bearer x")
	b, err := json.Marshal([]any{doc["security"], doc["components"].(map[string]any)["securitySchemes"]})
	if err != nil || string(b) != `[[{"token":[]}],{"token":{"description":"the service's token","scheme":"bearer","type":"http"}}]` {
		t.Errorf("%s, error %v", b, err)
	}
	for _, op := range operations(doc) {
		_, overridden := op.spec["security"]
		if overridden != open[op.path] {
			t.Errorf("%s: security overridden: %v", op.at, overridden)
		}
	}
	if doc := openapi(newFixture(t, Config{})); doc["security"] != nil {
		t.Errorf("without a token: %v", doc["security"])
	}
}

// The page names every operation and loads nothing from anywhere.
func TestDocs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	a := f.want(http.StatusOK, "GET", "/docs", "")
	for _, op := range operations(openapi(f)) {
		if !strings.Contains(a.body, `id="`+op.spec["operationId"].(string)+`"`) || !strings.Contains(a.body, "<code>"+op.path+"</code>") {
			t.Errorf("%s %s is not on the page", op.method, op.path)
		}
	}
	if bad := regexp.MustCompile(`(?i)<script|<link|src=|https?://|@import|url\(`).FindString(a.body); bad != "" {
		t.Errorf("the page has %q", bad)
	}
	if got := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("policy %q", got)
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		if !strings.Contains(a.body, `id="`+m[1]+`"`) {
			t.Errorf("link to #%s leads nowhere", m[1])
		}
	}
}
