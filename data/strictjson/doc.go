// Package strictjson reads JSON that people write: plans, parameters of transforms, job
// files. What is not known is an error, and errors say in words which field is wrong, what
// it may be, and in files of several lines where.
//
// It starts no goroutine and persists nothing.
package strictjson
