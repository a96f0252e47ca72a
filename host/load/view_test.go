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

// Protects views from the built-in rule at the start, before the directory's own plugin of that name was read: the first answers are its choice.
func TestStartChoosesByOwnPlugin(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t, tiltHead, `"name":"split-horizon","version":"1","kind":"routing","doc":""`), dir, "plugins", "split-horizon.wasm")
	write(t, "views:\n  inside: { attributes: { share: 4 } }\n  public: { attributes: { share: 5 } }\n", dir, "signpost.yaml")
	w := walk(t, dir, withComingPlugins(t))
	choice := w.options.Store.Load().Choice
	if choice == nil || choice.Native || choice.Policy == nil { // the built-in one knows no share
		t.Fatalf("got the choice %+v, want one by the plugin", choice)
	}
}
