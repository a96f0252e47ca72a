//go:build !(linux && (amd64 || arm64))

package udp

import "net/netip"

// batched is whether this system has the path of batch_linux.go.
const batched = false

// bindBatched is never reached: batched is false.
func (s *Server) bindBatched(addr netip.AddrPort, workers int) error {
	return s.bindPortable(addr, workers)
}
