package dataset

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/search"
)

// AddParams reads a flag's list of hyperparameters, name=value separated by
// commas, into p. Values that are no numbers stay words.
func AddParams(p search.Params, list string) error {
	for pair := range strings.SplitSeq(list, ",") {
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return fmt.Errorf("-params: %q is no name=value", pair)
		}
		p[name] = value
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			p[name] = f
		}
	}
	return nil
}
