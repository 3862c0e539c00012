// Command learners is our side of benchmarks/learners/learners.py: one learner
// behind our own featurizing, fitted on halves of tables, and our reading of
// large files.
//
//	learners names                              the registered learners, a line each
//	learners prepare DIR [-tables a,b] [-seeds N]
//	                                            tables and halves below DIR
//	learners serve DIR                          fits, one JSON line a request on standard input
//	learners gen FILE -rows N -cols N -seed S   a table of mixed columns
//	learners ingest FILE -view frame|dense      reads, plans and featurizes it, once
//
// prepare writes DIR/NAME/table.csv (the rows with a known target, blank where a
// value is missing), y.f32 (class indices or values), halves.u8 (see
// dataset.Halves) and meta.json (what the table is and what each column means),
// so that peers read the same raw table. It starts no goroutines beyond those of
// a fit.
package main
