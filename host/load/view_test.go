package load

import (
	"testing"

	"signpost/host/config"
)

// Protects secrets: the built-in rule does not stand in for a plugin of the same name that is still loaded, be its file gone and refused to go.
func TestNativeOnlyForBuiltin(t *testing.T) {
	const file = "plugins/split-horizon.wasm"
	l := new(Loader)
	if !l.native(config.Default()) {
		t.Error("no file: got another plugin, want the built-in one")
	}
	l.files = map[string]stamp{file: {}}
	if l.native(config.Default()) {
		t.Error("a file that is there: got the built-in plugin")
	}
	l.files, l.inService = nil, map[string]moduleVersion{file: {}}
	if l.native(config.Default()) {
		t.Error("a file that is gone but stays loaded: got the built-in plugin")
	}
}
