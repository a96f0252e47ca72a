//go:build !tinygo

package sdk

// stackLen is room for some hundred calls inside each other.
const stackLen = 64 << 10

// growStack gives the goroutine that answers the host a stack that will not have to grow. Growing it copies it and looks up every call on
// it, which costs millions of fuel in the middle of Configure; here there are few calls on it, and nobody collects garbage, so it stays.
//
//go:noinline
func growStack() byte {
	var room [stackLen]byte
	return room[len(running.plugins)%stackLen]
}
