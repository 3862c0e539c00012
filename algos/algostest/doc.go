// Package algostest holds the tests that every learner must pass: call Run from
// the learner's own tests. It is linked into test programs only.
package algostest
