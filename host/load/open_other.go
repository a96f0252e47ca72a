//go:build !unix

package load

// openFlags: opening a file never waits here.
const openFlags = 0
