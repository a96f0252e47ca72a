package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// socketMode lets nobody but its owner open a socket.
const socketMode = 0o600

// pathLenMax is the longest path of a socket that every system takes: the 104 bytes of BSD end with a zero.
const pathLenMax = 103

// socketWait is how long another server may take to accept.
const socketWait = time.Second

// socket is the listener of a Unix socket. It removes the file when it is closed.
type socket struct {
	net.Listener
	path string
	made fs.FileInfo
}

// listenSocket binds a Unix socket. The file of a server that ended is replaced; that of one that runs, and any other file, is not.
// The socket is made in a directory that nobody else can enter and moved to its place: nobody can open it before it has its mode.
func listenSocket(path string) (*socket, error) {
	if err := vacant(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	temporary := filepath.Join(dir, "s")
	if longest := max(len(temporary), len(path)); longest > pathLenMax {
		return nil, fmt.Errorf("the path is %d bytes too long", longest-pathLenMax)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // it would be by the name that it loses now
	s := &socket{Listener: listener, path: path}
	if err = os.Chmod(temporary, socketMode); err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		s.made, err = os.Lstat(path)
	}
	if err != nil {
		_ = listener.Close() // nobody has used it
		return nil, err
	}
	return s, nil
}

// vacant tells whether a socket may be made at path.
func vacant(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already and no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, socketWait)
	if err != nil {
		return nil // stale
	}
	_ = conn.Close() // nothing was asked
	return fmt.Errorf("another server is listening at %s", path)
}

// Close stops listening and removes the file, unless another one stands in its place by now.
func (s *socket) Close() error {
	err := s.Listener.Close()
	if now, lookErr := os.Lstat(s.path); lookErr == nil && os.SameFile(now, s.made) {
		return errors.Join(err, os.Remove(s.path))
	}
	return err
}

// Addr is the path.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }
