//go:build !wasip1

package sdk

import (
	"embed"
	"io/fs"
)

// What a plugin's folder needs of an SDK, by name: tools and packages that somebody installed beside it are not part of it.
//
//go:embed README.md *.go abi/*.go
//go:embed assemblyscript/*.ts assemblyscript/README.md
//go:embed c/*.h c/README.md
//go:embed rust/Cargo.toml rust/README.md rust/src/*.rs
var source embed.FS

// Source returns the SDKs as they are copied into the folder of a new plugin: this package at ".", another language's at its name.
func Source() fs.FS { return source }
