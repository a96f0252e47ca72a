// Package guard decides who is answered and how often: access by prefix, response rate limiting, DNS cookies.
//
// Plane: data. Floor: 2. Journey of a query: steps 2 and 5, around the answer.
// Nothing here does I/O, allocates after construction, or reads a clock: the caller passes the time. All types are safe for concurrent use.
package guard
