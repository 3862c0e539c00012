// Package searchtest holds every sampler to what search.Sampler promises: the
// same answer for the same history, in any order; configurations of the space,
// conditions and ranges of one value included; no repetition; no harm from
// failed, infinite, equal or missing losses; all of a finite space, and then the
// end; proposals apart from trials that still run; better than chance on easy
// functions. It is for tests; it starts no goroutines and persists nothing.
package searchtest
