package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// documents are the texts that show commands of this program.
var documents = []string{"README.md", "api/GUIDE.md", "cmd/admitone/COMMANDS.md"}

// readDocument returns a text by its path from the root of the repository.
func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedOptions: COMMANDS.md has a section for each command, with exactly its options.
func TestDocumentedOptions(t *testing.T) {
	documented := map[string][]string{}
	heading := regexp.MustCompile("(?m)^##+ (.+)\n")
	option := regexp.MustCompile("`--([a-z-]+)[ `]")
	text := readDocument(t, "cmd/admitone/COMMANDS.md")
	found := heading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		options := []string{}
		for line := range strings.Lines(text[at[1]:end]) {
			if cells := strings.Split(line, "|"); len(cells) > 2 {
				for _, match := range option.FindAllStringSubmatch(cells[1], -1) {
					options = append(options, match[1])
				}
			}
		}
		slices.Sort(options)
		documented[text[at[2]:at[3]]] = options
	}
	root := newRoot()
	checkDocumented(t, documented, root, root.Commands())
}

// checkDocumented compares the options of commands, and of those below them, with those
// of their sections.
func checkDocumented(t *testing.T, documented map[string][]string, root *cobra.Command, commands []*cobra.Command) {
	t.Helper()
	for _, command := range commands {
		name := strings.TrimPrefix(command.CommandPath(), root.Name()+" ")
		options := []string{}
		command.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && root.PersistentFlags().Lookup(f.Name) == nil {
				options = append(options, f.Name)
			}
		})
		slices.Sort(options)
		switch section, ok := documented[name]; {
		case !ok:
			t.Errorf("COMMANDS.md has no section %q", name)
		case !slices.Equal(section, options):
			t.Errorf("COMMANDS.md, %s: the section has the options %q, want those of the command, %q", name, section, options)
		}
		checkDocumented(t, documented, root, command.Commands())
	}
}

// TestDocumentedCommands: every command line of this program in a shell block of a document has a
// command, options and arguments that exist.
func TestDocumentedCommands(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	line := regexp.MustCompile(`\./admitone ([^|>#\n)]+)`)
	quoted := regexp.MustCompile(`"[^"]*"?|'[^']*'`)
	for _, name := range documents {
		count := 0
		for _, shell := range block.FindAllStringSubmatch(readDocument(t, name), -1) {
			for _, match := range line.FindAllStringSubmatch(shell[1], -1) {
				typed := quoted.ReplaceAllString(strings.ReplaceAll(match[1], "$((p-2", "7"), "quoted")
				args := strings.Fields(typed)
				if args[0] != "completion" && !strings.HasPrefix(args[0], "-") {
					checkUsage(t, name, args)
				}
				count++
			}
		}
		if count == 0 {
			t.Errorf("%s shows no command of this program, want at least one", name)
		}
	}
}

// TestDocumentedLinks: the targets of links exist, with their headings.
func TestDocumentedLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]*)(?:#([\w-]+))?\)`)
	heading := regexp.MustCompile(`(?m)^#+ (.+)$`)
	for _, name := range append(slices.Clone(documents), "cmd/bench/RESULTS.md", "CONTRIBUTING.md") {
		for _, match := range link.FindAllStringSubmatch(readDocument(t, name), -1) {
			target := name
			if match[1] != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), match[1]))
			}
			if _, err := os.Stat(filepath.Join("..", "..", "..", target)); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if match[2] == "" {
				continue
			}
			titles := heading.FindAllStringSubmatch(readDocument(t, target), -1)
			if !slices.ContainsFunc(titles, func(title []string) bool { return anchor(title[1]) == match[2] }) {
				t.Errorf("%s: %s has no heading #%s", name, target, match[2])
			}
		}
	}
}

// anchor returns the name of a heading in links.
func anchor(title string) string {
	return strings.ReplaceAll(strings.ToLower(title), " ", "-")
}
