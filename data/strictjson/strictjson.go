package strictjson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
)

// Decode reads one JSON value into v, a pointer to a struct, whose fields keep what they
// hold where the JSON says nothing. It fails if there is a field that v does not have, at
// any depth, a value of another type, or anything behind the value.
func Decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		}
		return errors.New("there is something behind it")
	}
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	unknown, isUnknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%s%w", line(b, syntax.Offset), err)
	case errors.As(err, &wrong):
		return fmt.Errorf("%s%s", line(b, wrong.Offset), mistyped(wrong, v))
	case isUnknown:
		return fmt.Errorf("unknown field %s%s", unknown, instead(strings.Trim(unknown, `"`), v))
	case err == io.EOF:
		return errors.New("it is empty")
	case err == io.ErrUnexpectedEOF:
		return errors.New("it is cut short")
	}
	return err // of a type's own UnmarshalJSON
}

// line says where an offset is, "" if there is but one line.
func line(b []byte, offset int64) string {
	if !bytes.Contains(bytes.TrimSpace(b), []byte("\n")) || offset > int64(len(b)) {
		return ""
	}
	return fmt.Sprintf("line %d: ", 1+bytes.Count(b[:offset], []byte("\n")))
}

// mistyped says which field has a value of another type, and what it may be.
func mistyped(wrong *json.UnmarshalTypeError, v any) string {
	names := namesOf(v)
	path := slices.DeleteFunc(strings.Split(wrong.Field, "."), func(part string) bool {
		return !slices.Contains(names, part) // Go's name of an embedded struct
	})
	if len(path) == 0 {
		return given(wrong.Value) + " in place of an object of names and values"
	}
	return fmt.Sprintf("%s: use %s, not %s", strings.Join(path, "."), wanted(wrong.Type), given(wrong.Value))
}

// instead suggests what an unknown field was to be.
func instead(name string, v any) string {
	names := namesOf(v)
	hint := ""
	if near := data.NearestName(name, names); near != "" {
		hint = fmt.Sprintf(": did you mean %q?", near)
	}
	switch {
	case !flat(v):
		return hint
	case len(names) == 0:
		return ": there are none here"
	}
	return hint + ": there are " + strings.Join(names, ", ")
}

// flat reports a struct without others in it, so that all of its fields are of one object.
func flat(v any) bool {
	t := reflect.TypeOf(v).Elem()
	if t.Kind() != reflect.Struct {
		return false
	}
	for _, f := range reflect.VisibleFields(t) {
		if within := inner(f.Type); !f.Anonymous && within.Kind() == reflect.Struct && len(names(within, nil, map[reflect.Type]bool{})) > 0 {
			return false
		}
	}
	return true
}

// namesOf are the names of the fields that JSON may set, at any depth.
func namesOf(v any) []string {
	return names(inner(reflect.TypeOf(v)), nil, map[reflect.Type]bool{})
}

func names(t reflect.Type, list []string, seen map[reflect.Type]bool) []string {
	if t.Kind() != reflect.Struct || seen[t] {
		return list
	}
	seen[t] = true
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		list = append(list, cmp.Or(name, f.Name))
		list = names(inner(f.Type), list, seen)
	}
	return list
}

// inner is what pointers, lists and maps hold.
func inner(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// wanted is what a value of that type is written as.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Slice:
		return "a list, each part " + wanted(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text in quotes"
	case reflect.Int, reflect.Int64, reflect.Int32:
		return "a whole number"
	case reflect.Uint, reflect.Uint64, reflect.Uint32:
		return "a whole number from 0 up"
	case reflect.Float64, reflect.Float32:
		return "a number"
	}
	return "an object of names and values"
}

// given is what was found, of which package json says "string", "number 2.5" and the like.
func given(value string) string {
	switch value {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "number":
		return "a number"
	}
	return strings.TrimPrefix(value, "number ")
}
