package trials

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	o := JobOptions{Target: "y", Without: []string{PartModel}}
	if field, err := o.Check(); err != nil {
		t.Errorf("%s: %v", field, err)
	}
	if o.Has(PartModel) || !o.Has(PartStacking) {
		t.Error("Has does not go by Without")
	}
	o.Without = append(o.Without, "magic")
	if field, err := o.Check(); field != "without" || err == nil || !strings.Contains(err.Error(), `"magic"`) {
		t.Errorf("an unknown part: %s: %v", field, err)
	}
}
