package data

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// ListText is how a list is written in a cell: as JSON, of a slice of texts, numbers and
// truth values, or of interfaces that hold such; "" if it is nil. ok is false for anything
// else.
func ListText(list any) (text string, ok bool) {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 {
		return "", false
	}
	if v.IsNil() {
		return "", true
	}
	for i := range v.Len() {
		item := v.Index(i)
		if item.Kind() == reflect.Interface {
			item = item.Elem()
		}
		if k := item.Kind(); k != reflect.String && k != reflect.Bool && !item.CanInt() && !item.CanUint() && !item.CanFloat() {
			return "", false
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(list); err != nil { // NaN and infinities
		return "", false
	}
	return string(bytes.TrimSpace(b.Bytes())), true
}
