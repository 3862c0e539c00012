// Package model is the outcome of a job: a feature pipeline, an ensemble of
// predictors and what is known about them, in one file that loads anywhere.
//
// [Load] and [Read] open a bundle, [Build] makes one, [Model.Save] writes it.
// [Model.Explain] splits predictions into what each column adds to them;
// [Model.Usage] and [Model.Permute] say how much a model depends on its columns;
// [Model.Terms] gives the tables of additive members.
// A [Model] is immutable and safe for concurrent use. The package starts no
// goroutine that outlives a call, and persists only what Save is told to.
// A program that imports only this package links neither NATS, nor net/http,
// nor a trainer.
//
// A model whose pipeline is [featurize.Pipeline.Exact] was imported from another
// library: it reads and predicts doubles, and its probabilities are those of the
// library, whether or not they sum to 1.
//
// # File format
//
// A bundle is a 64-byte header, a section table and the sections, each aligned
// to 64 bytes and protected by a CRC-32C (RFC 3720, appendix B.4). All integers
// are little-endian.
//
//	header   "AUTOML\r\n", uint32 version, uint32 sections, uint64 file size,
//	         uint32 CRC of the section table, 32 zero bytes, uint32 CRC of the 60 bytes before
//	section  32 bytes name, uint64 offset, uint64 size, uint32 CRC, 12 zero bytes
//
// Sections of version 1: info, plan, pipeline, members, leaderboard and
// importance are JSON; predictors holds the predictors' binary forms back to
// back, at the offsets that members names; spread (JSON, where there are intervals or
// quantiles) says how far answers lie from predictions; origin (JSON) says what the search
// was asked for. Version 2 adds calibration (JSON, [ensemble.Calibration]), without which
// answers would be others; models that have none are written as version 1. A reader ignores
// sections that it does not know and refuses versions above its own.
package model
