//go:build !linux

package main

// machineWatch is blind here.
type machineWatch struct{}

func watchMachine() *machineWatch { return &machineWatch{} }

func (w *machineWatch) stop() (stills []standstill, blind bool) { return nil, true }
