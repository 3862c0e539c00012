package data

// NumericView returns the cells as numbers.
func (c *Column) NumericView() (values []float64, bad int) { return nil, 0 }

// Text returns cell i as text, "" when it is missing.
func (c *Column) Text(i int) string { return "" }

// Key returns the canonical key of a category.
func Key(s string) string { return s }

// NumberKey returns the canonical key of a number.
func NumberKey(v float64) string { return "" }

// ParseNumber parses a decimal number.
func ParseNumber(s string) (float64, bool) { return 0, false }

// IsMissing reports whether a text cell stands for a missing value.
func IsMissing(s string) bool { return false }

// ParseTime parses a time in a layout of Layouts.
func ParseTime(s string, layout string) (int64, bool) { return 0, false }
