// Package plugins holds the built-in plugins as the module that Signpost runs: built from plugins/builtin by go generate.
//
// Plane: control. Floor: 0. Journey of an edit: before step 3, at start.
package plugins

import _ "embed"

// One guest with all plugins, not compressed: unpacking would cost a fifth of a warm start, and git compresses it anyway.
//
//go:generate go run ./generate
//go:embed builtin.wasm
var builtin []byte

// Builtin returns the module's bytes, which nobody may change.
func Builtin() []byte { return builtin }
