// Package file reads and writes tables in files, picking the format.
package file
