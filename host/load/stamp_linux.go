package load

import (
	"io/fs"
	"syscall"
)

func inodeOf(info fs.FileInfo) (metaNanos int64, inode uint64) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return stat.Ctim.Nano(), stat.Ino
}
