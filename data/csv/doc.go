// Package csv reads and writes delimited text.
package csv
