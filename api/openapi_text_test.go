package api

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"admitone/api/web"
)

// TestDescriptionTexts: every member has a value. In a flow mapping, a comma in an unquoted text ends the
// text, and the rest becomes a member without a value.
func TestDescriptionTexts(t *testing.T) {
	var look func(file string, n *yaml.Node)
	look = func(file string, n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			for _, part := range n.Content {
				look(file, part)
			}
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			if value.Kind == yaml.ScalarNode && value.Value == "" && value.Style == 0 {
				t.Errorf("%s, line %d: %q has no value; quote the text before it", file, name.Line, name.Value)
			}
			look(file, value)
		}
	}
	described := 0
	for _, asset := range web.Assets() {
		if !strings.HasSuffix(asset.Path, ".yaml") {
			continue
		}
		var root yaml.Node
		if err := yaml.Unmarshal(asset.Body, &root); err != nil {
			t.Fatal(err)
		}
		described++
		look(asset.Path, &root)
	}
	if described < 1 {
		t.Errorf("descriptions = %d, want at least 1", described)
	}
}
