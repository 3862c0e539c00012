// Package trialstest holds the tests that every trials.Store has to pass. It is
// for tests only and persists nothing; a Watch's goroutine ends with its context.
package trialstest
