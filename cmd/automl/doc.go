// Command automl is the command line of the module: fit, predict, evaluate,
// explain, leaderboard, import, export, serve, worker, jobs and version. There is
// one file a command and no logic here beyond flags, files and printing.
//
// # Output
//
// Results go to standard output, everything else (progress, warnings, errors)
// to standard error. With --json a command that reports prints exactly one
// JSON document, whose field names are stable; jobs watch prints one a line.
// Errors are one line that names the thing and the way out.
//
// # Exit codes
//
//	0    done
//	1    something failed
//	2    what the user gave was wrong: a flag, a file, a column, an address
//	130  interrupted before there was a result, or a second time
//
// The first interrupt (Ctrl-C or SIGTERM) ends a fit with the best model so
// far and drains a server; the second one quits at once.
//
// # Goroutines and files
//
// One goroutine waits for signals and one draws progress; both are gone when
// their command returns. Files are written beside their final place and then
// renamed, so that a run that fails leaves nothing behind.
package main
