package load

import (
	"os"
	"runtime/debug"

	"signpost/host/loan"
)

// considerateFrom is how many bytes of text make a batch work considerately: below it is done before anybody could notice. Compiling a plugin
// takes up to a second, however short it is.
const considerateFrom = 1 << 20

// large tells whether the batch is worth being considerate about.
func (b *batch) large() bool {
	if len(b.modules) > 0 {
		return true
	}
	size := int64(0)
	add := func(path string) {
		if info, err := os.Stat(fullPath(b.reader.dir, path)); err == nil {
			size += info.Size()
		}
	}
	for _, j := range b.jobs {
		add(j.path)
	}
	for _, j := range b.data {
		if j.file.Path != "" {
			add(j.file.Path)
		}
	}
	return size >= considerateFrom
}

// giveWay has the goroutine's thread give way if the batch is considerate.
func (b *batch) giveWay() {
	if b.considerate {
		loan.GiveWay()
	}
}

// freeMemory gives memory back to the system, considerately while queries are answered.
func (l *Loader) freeMemory(b *batch) {
	if !b.considerate {
		debug.FreeOSMemory()
		return
	}
	l.options.Processors.Do(debug.FreeOSMemory)
}
