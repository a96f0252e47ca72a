package workshop

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"signpost/host/plugin"
	"signpost/plugins"
	"signpost/sdk/abi"
)

// Inspected is a module that somebody looks at.
type Inspected struct {
	*plugin.Inspection
	Size int // of the file, bytes
}

// Inspect admits a file's module, starts it, asks what it is and forgets it. The error says why the server would not have it.
func Inspect(ctx context.Context, file string, options Options) (*Inspected, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	found, err := inspect(ctx, wasm, options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return found, nil
}

// InspectBuiltin is Inspect for the module that holds all built-in plugins, of which it leaves the one of that name; nil if there is none.
// The names are of all.
func InspectBuiltin(ctx context.Context, name string, options Options) (found *Inspected, names []string, err error) {
	if found, err = inspect(ctx, plugins.Builtin(), options); err != nil {
		return nil, nil, fmt.Errorf("built-in plugins: %w", err)
	}
	for _, p := range found.Plugins {
		names = append(names, p.Name)
	}
	found.Plugins = slices.DeleteFunc(found.Plugins, func(p abi.Plugin) bool { return p.Name != name })
	if len(found.Plugins) == 0 {
		return nil, names, nil
	}
	return found, names, nil
}

func inspect(ctx context.Context, wasm []byte, options Options) (*Inspected, error) {
	h, err := plugin.New(ctx, plugin.Options{CacheDir: options.CacheDir})
	if err != nil && options.CacheDir != "" {
		h, err = plugin.New(ctx, plugin.Options{})
	}
	if err != nil {
		return nil, err
	}
	defer h.Close()
	found, err := h.Inspect(ctx, wasm, options.Limits)
	if err != nil {
		return nil, err
	}
	return &Inspected{found, len(wasm)}, nil
}

// ValuesText says for people what an attribute's value may be.
func ValuesText(a *abi.Attribute) string {
	var text string
	switch a.Type {
	case abi.TypeInt:
		text = "a whole number" + rangeText(a)
	case abi.TypeFloat:
		text = "a number" + rangeText(a)
	case abi.TypeDuration:
		text = "a time, as 300ms or 1m30s" + rangeText(a)
	case abi.TypeBool:
		text = "yes or no"
	case abi.TypeWord:
		text = strings.Join(a.Words, ", ")
		if last := len(a.Words) - 1; last > 0 {
			text = strings.Join(a.Words[:last], ", ") + " or " + a.Words[last]
		}
	case abi.TypePlace:
		text = "a region's name, or LATITUDE,LONGITUDE"
	case abi.TypeNetworks:
		text = "prefixes, addresses, collections or *, joined by commas"
	default:
		text = "text"
	}
	switch {
	case a.Required:
		text += "; required"
	case a.Default != "":
		text += "; " + a.Default + " if left out"
	case a.Type == abi.TypeInt || a.Type == abi.TypeFloat || a.Type == abi.TypeDuration:
		text += "; 0 if left out"
	case a.Type == abi.TypeBool:
		text += "; no if left out"
	case a.Type == abi.TypeWord:
		text += "; " + a.Words[0] + " if left out"
	}
	if a.Shared {
		text += "; one for all candidates"
	}
	return text
}

// rangeText says between which values a number or a time may be.
func rangeText(a *abi.Attribute) string {
	bound := func(end *float64) string {
		if a.Type == abi.TypeDuration {
			return abi.DurationText(time.Duration(*end) * time.Microsecond)
		}
		return fmt.Sprint(*end)
	}
	switch {
	case a.Min != nil && a.Max != nil:
		return ", " + bound(a.Min) + ".." + bound(a.Max)
	case a.Min != nil:
		return ", " + bound(a.Min) + " or more"
	case a.Max != nil:
		return ", " + bound(a.Max) + " or less"
	}
	return ""
}
