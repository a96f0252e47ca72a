package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"signpost/sdk/abi"
)

// Keys of an annotation that belong to the host.
const (
	keyID             = "id"
	keyCheck          = "check"
	keyOnAllDown      = "on-all-down"
	keyPanicThreshold = "panic-threshold"
	keyMinTTL         = "min-ttl"
	keyTargetHealth   = "evaluate-target-health"
)

var knownWants = []string{abi.WantClient, abi.WantGeo, abi.WantLatency}

var commonKeys = []string{keyID, keyCheck, keyOnAllDown, keyTargetHealth, keyPanicThreshold, keyMinTTL}

// word is the form of plugin names, attribute names and words of an attribute.
var word = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// parseManifest reads what a guest says about itself, trusting nothing.
func parseManifest(raw []byte) (*abi.Manifest, error) {
	manifest := new(abi.Manifest)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(manifest); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("manifest: text after the end")
	}
	if count := len(manifest.Plugins); count == 0 || count > abi.PluginMax {
		return nil, fmt.Errorf("manifest: %d plugins instead of 1..%d", count, abi.PluginMax)
	}
	seen := map[string]bool{}
	for i := range manifest.Plugins {
		p := &manifest.Plugins[i]
		if seen[p.Name] {
			return nil, fmt.Errorf("manifest: two plugins with the name %q", p.Name)
		}
		seen[p.Name] = true
		if err := checkPlugin(p); err != nil {
			return nil, fmt.Errorf("manifest: plugin %.64q: %w", p.Name, err)
		}
	}
	return manifest, nil
}

func checkPlugin(p *abi.Plugin) error {
	if !word.MatchString(p.Name) {
		return errors.New("a name is lower-case letters, digits and hyphens, at most 63")
	}
	if _, known := kinds[p.Kind]; !known {
		return fmt.Errorf("kind %.64q is unknown to this host (it knows %s, %s, %s)", p.Kind, abi.KindRouting, abi.KindHealth, abi.KindFilter)
	}
	if !oneLine(p.Doc) || !oneLine(p.Version) || p.Version == "" {
		return errors.New("version and doc are one line each, and there must be a version")
	}
	for _, want := range p.Wants {
		if !slices.Contains(knownWants, want) {
			return fmt.Errorf("it wants %.64q, which this host does not know (it knows %s)", want, strings.Join(knownWants, ", "))
		}
	}
	if p.Kind == abi.KindHealth && len(p.Wants) > 0 {
		return errors.New("a health plugin wants nothing: no client asks for its verdict")
	}
	if err := checkReasons(p); err != nil {
		return err
	}
	if len(p.Attributes) > abi.AttributeMax {
		return fmt.Errorf("%d attributes are more than %d", len(p.Attributes), abi.AttributeMax)
	}
	seen := map[string]bool{}
	for i := range p.Attributes {
		a := &p.Attributes[i]
		if seen[a.Name] {
			return fmt.Errorf("two attributes with the name %q", a.Name)
		}
		seen[a.Name] = true
		if err := checkAttribute(a); err != nil {
			return fmt.Errorf("attribute %.64q: %w", a.Name, err)
		}
	}
	return nil
}

func checkReasons(p *abi.Plugin) error {
	if len(p.Reasons) > 0 && p.Kind != abi.KindHealth {
		return fmt.Errorf("only kind %s has reasons", abi.KindHealth)
	}
	if len(p.Reasons) > abi.ReasonMax {
		return fmt.Errorf("%d reasons are more than %d", len(p.Reasons), abi.ReasonMax)
	}
	for _, reason := range p.Reasons {
		if reason == "" || len(reason) > abi.ReasonLenMax || !oneLine(reason) {
			return fmt.Errorf("reason %.100q is not one line of 1..%d bytes", reason, abi.ReasonLenMax)
		}
	}
	return nil
}

func checkAttribute(a *abi.Attribute) error {
	if !word.MatchString(a.Name) || slices.Contains(commonKeys, a.Name) {
		return fmt.Errorf("a name is lower-case letters, digits and hyphens, at most 63, and none of %s", strings.Join(commonKeys, ", "))
	}
	if !oneLine(a.Doc) {
		return errors.New("doc is one line")
	}
	switch a.Type {
	case abi.TypeInt, abi.TypeFloat, abi.TypeDuration, abi.TypeBool, abi.TypeText, abi.TypePlace, abi.TypeNetworks:
		if len(a.Words) > 0 {
			return fmt.Errorf("type %s has no words", a.Type)
		}
	case abi.TypeWord:
		if len(a.Words) == 0 || slices.ContainsFunc(a.Words, func(text string) bool { return !word.MatchString(text) }) {
			return errors.New("words are lower-case letters, digits and hyphens, and there must be one")
		}
	default:
		return fmt.Errorf("type %.64q is unknown to this host", a.Type)
	}
	if a.Min != nil && a.Max != nil && *a.Min > *a.Max {
		return errors.New("min is larger than max")
	}
	if a.Required && a.Default != "" {
		return errors.New("it is required and has a default")
	}
	if a.Default != "" {
		if _, message := a.Parse(a.Default); message != "" {
			return fmt.Errorf("default: %s", message)
		}
	}
	return nil
}

// oneLine tells whether text fits in a line of a terminal.
func oneLine(text string) bool {
	return len(text) <= 200 && abi.Printable([]byte(text)) == text
}
