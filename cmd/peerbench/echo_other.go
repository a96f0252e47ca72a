//go:build !linux

package main

import "errors"

// echo needs recvmmsg and sendmmsg.
func echo(string, int) error { return errors.New("the echo floor needs Linux") }
