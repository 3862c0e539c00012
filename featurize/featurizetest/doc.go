// Package featurizetest is the suite that every kind of transform passes, one's own too:
// fitted on ordinary rows, on none with a value, on one alone, it takes any later table,
// gives the same bits for a table and for single rows, before and after a round trip
// through JSON, and neither infinities nor codes without a level.
package featurizetest
