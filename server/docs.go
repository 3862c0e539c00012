package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsHTML string

// docsPage makes one page of the OpenAPI document. It needs no script and
// nothing from elsewhere.
func docsPage(o *huma.OpenAPI) ([]byte, error) {
	t, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return nil, err
	}
	page := docPage{Title: o.Info.Title, Version: o.Info.Version, Description: o.Info.Description}
	for _, tag := range o.Tags {
		page.Groups = append(page.Groups, docGroup{Name: tag.Name, Description: tag.Description, Ops: docOps(o, tag.Name)})
	}
	schemas := o.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if schemas[name].Type == huma.TypeObject {
			page.Schemas = append(page.Schemas, docSchema{Name: name, Fields: docFields(schemas[name])})
		}
	}
	var b bytes.Buffer
	err = t.Execute(&b, page)
	return b.Bytes(), err
}

type docPage struct {
	Title, Version, Description string
	Groups                      []docGroup
	Schemas                     []docSchema
}

type docGroup struct {
	Name, Description string
	Ops               []docOp
}

type docOp struct {
	ID, Method, Path, Summary, Description string
	Params                                 []docField
	Bodies                                 []docField
	Answers                                []docField
}

type docSchema struct {
	Name   string
	Fields []docField
}

// docField is a parameter, a field, a body or an answer. Ref names a schema of the page.
type docField struct {
	Name, Type, Ref, Doc string
	Required             bool
}

func docOps(o *huma.OpenAPI, tag string) []docOp {
	var ops []docOp
	for _, path := range slices.Sorted(maps.Keys(o.Paths)) {
		item := o.Paths[path]
		for _, op := range []*huma.Operation{item.Post, item.Get, item.Delete} {
			if op == nil || !slices.Contains(op.Tags, tag) {
				continue
			}
			d := docOp{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, Description: op.Description}
			for _, p := range op.Parameters {
				d.Params = append(d.Params, field(p.Name+" ("+p.In+")", p.Schema, p.Description, p.Required))
			}
			if op.RequestBody != nil {
				d.Bodies = docContent("", op.RequestBody.Content, "")
			}
			for _, code := range slices.Sorted(maps.Keys(op.Responses)) {
				r := op.Responses[code]
				if len(r.Content) == 0 {
					d.Answers = append(d.Answers, docField{Name: code, Doc: r.Description})
				}
				d.Answers = append(d.Answers, docContent(code+" ", r.Content, r.Description)...)
			}
			ops = append(ops, d)
		}
	}
	return ops
}

func docContent(prefix string, content map[string]*huma.MediaType, doc string) []docField {
	var out []docField
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		out = append(out, field(prefix+kind, content[kind].Schema, doc, false))
	}
	return out
}

func docFields(s *huma.Schema) []docField {
	var out []docField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		out = append(out, field(name, p, p.Description, slices.Contains(s.Required, name)))
	}
	return out
}

func field(name string, s *huma.Schema, doc string, required bool) docField {
	f := docField{Name: name, Doc: doc, Required: required}
	if s != nil {
		f.Type, f.Ref = typeName(s)
		if f.Doc == "" {
			f.Doc = s.Description
		}
	}
	return f
}

// typeName is a schema in a few words, and the named schema within it.
func typeName(s *huma.Schema) (name, ref string) {
	switch {
	case s.Ref != "":
		ref = s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return ref, ref
	case s.Type == huma.TypeArray && s.Items != nil:
		name, ref = typeName(s.Items)
		return "array of " + name, ref
	case s.Format != "":
		return s.Type + " (" + s.Format + ")", ""
	}
	return s.Type, ""
}

func serveDocs(page []byte) http.HandlerFunc {
	plain := serveBytes("text/html; charset=utf-8", page)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		plain(w, r)
	}
}
