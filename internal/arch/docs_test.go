package arch

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// markdown returns the text of every Markdown file, by its path from the root of
// the repository.
func markdown(t *testing.T) map[string]string {
	t.Helper()
	return textFiles(t, ".md")
}

// textFiles returns the text of the files whose names end in suffix, by path.
func textFiles(t *testing.T, suffix string) map[string]string {
	t.Helper()
	root := os.DirFS("../..")
	texts := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, suffix):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestMarkdownLinksResolve(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	texts := markdown(t)
	for name, text := range texts {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(path.Join("../..", target)); err != nil {
				t.Errorf("%s: the link %s leads to no file", name, m[1])
			}
			if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s: the link %s leads to no heading", name, m[1])
			}
		}
	}
}

// anchors returns the anchors that GitHub gives the headings of a Markdown text.
func anchors(text string) []string {
	heading := regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var found []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		plain := dropped.ReplaceAllString(strings.ToLower(m[1]), "")
		found = append(found, strings.ReplaceAll(plain, " ", "-"))
	}
	return found
}

func TestMarkdownNamesExistingFiles(t *testing.T) {
	quoted := regexp.MustCompile("`((?:api|bench|cmd|deploy|docs|internal|interop|sandbox|scripts|tools)/[\\w./-]+)`")
	for name, text := range markdown(t) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(path.Join("../..", m[1])); err != nil {
				t.Errorf("%s: %s does not exist", name, m[1])
			}
		}
	}
}

func TestMarkdownAndScriptsNameExistingTests(t *testing.T) {
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(`)
	declared := map[string]bool{}
	for _, text := range textFiles(t, "_test.go") {
		for _, m := range declaration.FindAllStringSubmatch(text, -1) {
			declared[m[1]] = true
		}
	}
	texts := markdown(t)
	maps.Copy(texts, scripts(t))
	named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`)
	for name, text := range texts {
		for _, test := range named.FindAllString(text, -1) {
			if !declared[test] {
				t.Errorf("%s: there is no test %s", name, test)
			}
		}
	}
}

// scripts returns the text of every file in the directory scripts, by path.
func scripts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	names, err := filepath.Glob("../../scripts/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}
