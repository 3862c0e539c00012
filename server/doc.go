// Package server is the REST service: an HTTP API over the bus, with a
// scheduler and local workers in the same process.
//
// It owns the routes below /v1, /healthz, /readyz, /metrics, the OpenAPI
// document at /openapi.json and the page made of it at /docs. Errors are
// problem documents (RFC 9457).
//
// Run starts the embedded NATS server (unless a remote one is named), the
// scheduler, the workers and the listener, and stops them in the reverse order
// when its context ends: event streams end at once, other requests get
// Config.DrainTimeout, then workers and scheduler stop. No goroutine outlives
// Run.
//
// It persists descriptions of the uploaded tables in Config.Dir/datasets; the
// tables, jobs, trials, events and models live on the bus. An upload is parsed
// from a temporary file in Config.Dir/uploads.
package server
