package plugin

import "runtime"

// nativeCode tells whether wazero compiles for this machine. Elsewhere it interprets, some 50 times slower on loops.
const nativeCode = (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") &&
	(runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "windows" || runtime.GOOS == "freebsd" ||
		runtime.GOOS == "netbsd" || runtime.GOOS == "dragonfly" || runtime.GOOS == "solaris" || runtime.GOOS == "illumos")
