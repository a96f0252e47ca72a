package plugin

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"signpost/host/diag"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// code is a module's compiled form in a runtime of its own, so that one module's place on disk, and what is wrong with it, is no other's
// matter. A runtime costs 0.4 ms.
type code struct {
	runtime  wazero.Runtime
	cache    wazero.CompilationCache // nil: the code is in memory only
	compiled wazero.CompiledModule
}

// compileCode compiles an admitted module, or takes what an earlier start compiled. Trouble with the disk costs the time to compile.
func (h *Host) compileCode(ctx context.Context, wasm []byte) (*code, error) {
	var fault error
	if h.kept.dir != "" {
		c, err := h.compileKept(ctx, wasm)
		if c != nil {
			h.warn(err)
			return c, nil
		}
		fault = err
	}
	c, err := h.compileIn(ctx, wasm, nil)
	if err == nil { // so the module was not what was wrong; wazero's errors do not tell
		h.warn(fault)
	}
	return c, err
}

// warn tells that code could not be kept.
func (h *Host) warn(err error) {
	if err != nil && h.warning != nil {
		h.warning(fmt.Errorf("keep compiled plugins in %s: %w", h.kept.dir, firstLine(diag.Cause(err))))
	}
}

// compileKept compiles by way of the disk. An error beside code says why it will have to be compiled again.
func (h *Host) compileKept(ctx context.Context, wasm []byte) (*code, error) {
	place := h.kept.place(wasm)
	if intact(place) {
		if c, err := h.compileBy(ctx, wasm, place); err == nil {
			touch(place)
			return c, nil
		}
	}
	fresh, err := h.kept.fresh()
	if err != nil {
		return nil, err
	}
	defer discard(fresh)
	c, err := h.compileBy(ctx, wasm, fresh)
	if err != nil {
		return nil, err
	}
	return c, h.kept.keep(fresh, place)
}

// compileBy compiles with wazero's cache in dir.
func (h *Host) compileBy(ctx context.Context, wasm []byte, dir string) (*code, error) {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, err
	}
	return h.compileIn(ctx, wasm, cache)
}

// compileIn compiles in a new runtime.
func (h *Host) compileIn(ctx context.Context, wasm []byte, cache wazero.CompilationCache) (*code, error) {
	config := h.config
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	c := &code{runtime: wazero.NewRuntimeWithConfig(ctx, config), cache: cache}
	err := instantiateWASI(ctx, c.runtime)
	if err == nil {
		ctx = experimental.WithCompilationWorkers(ctx, h.compilers())
		c.compiled, err = c.runtime.CompileModule(ctx, wasm)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// compilers is how many goroutines compile a module: beside answers it is the caller's alone, which may have a thread that gives way.
func (h *Host) compilers() int {
	select {
	case <-h.ready:
		if h.processors != nil {
			return 1
		}
	default:
	}
	return min(runtime.GOMAXPROCS(0), 4)
}

// close frees the code and every instance of it.
func (c *code) close() error {
	err := c.runtime.Close(context.Background())
	if c.cache != nil {
		err = errors.Join(err, c.cache.Close(context.Background()))
	}
	return err
}
