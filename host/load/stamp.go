package load

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// stamp tells two states of a file apart without reading it. The zero stamp is a file that is not there.
// A stamp only says "look again": whether anything changed is decided by the content.
type stamp struct {
	size       int64
	modNanos   int64
	metaNanos  int64  // inode change time; moves even when a copy restores the modification time; 0 where unknown
	inode      uint64 // 0 where unknown
	unreadable bool   // the file is there, or may be, but the system refuses to say more
}

// stampOf asks the system; it follows symbolic links. A link that leads nowhere is there and cannot be read: nobody deletes a zone by taking
// away what its link leads to, and a volume that is not mounted must not delete any.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err == nil {
		return stampOfInfo(info)
	}
	if isGone(err) {
		if _, err = os.Lstat(path); err != nil && isGone(err) {
			return stamp{}
		}
	}
	return stamp{unreadable: true}
}

func stampOfInfo(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), modNanos: info.ModTime().UnixNano()}
	s.metaNanos, s.inode = inodeOf(info)
	return s
}

// isGone tells a missing file from one that cannot be looked at (a forbidden directory, a failing disk).
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// touched returns when the file last changed, as far as the file system knows, but never later than now. It goes with the clock that nobody sets, as
// now does: whoever waits for a time after it waits no longer when the clock is set back.
func (s stamp) touched(now time.Time) time.Time {
	return now.Add(-max(0, now.Sub(time.Unix(0, max(s.modNanos, s.metaNanos)))))
}
