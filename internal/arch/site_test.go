package arch

import (
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
)

// TestSiteLinksResolve builds the static site and checks every link between its pages, to
// their headings, and to their pictures.
func TestSiteLinksResolve(t *testing.T) {
	dir := buildSite(t)
	site := readSite(t, dir)
	if edit, err := os.ReadFile(path.Join(dir, "reference/commands/edit/index.html")); err != nil ||
		!strings.Contains(string(edit), " --from-file. ") {
		t.Errorf("options in the text are not shown as typed: %v", err)
	}
	if len(site.pages) < 50 {
		t.Errorf("the site has %d pages, want at least 50", len(site.pages))
	}
	for name, page := range site.pages {
		for _, link := range page.links {
			if problem := site.problem(name, link); problem != "" {
				t.Errorf("%s: the link %s leads to no %s", name, link, problem)
			}
		}
	}
}

// TestSiteFitsPhones checks that cells of wide tables have labels, which phones show instead of
// the headings, and that no name in the text is too long for a line.
func TestSiteFitsPhones(t *testing.T) {
	const longest = 36 // characters of code in a line of a screen with 390 pixels
	labels := 0
	for name, page := range readSite(t, buildSite(t)).pages {
		for node := range page.document.Descendants() {
			switch {
			case node.Data == "table" && len(elements(node, "th")) > 2:
				for _, cell := range elements(node, "td") {
					if labels++; len(cell.Attr) == 0 || cell.Attr[len(cell.Attr)-1].Key != "data-label" {
						t.Errorf("%s: a cell has no label: %s", name, textOf(cell))
					}
				}
			case node.Data == "code" && node.Parent.Data != "pre":
				for text := range strings.FieldsFuncSeq(textOf(node), isBreak) {
					if len(text) > longest {
						t.Errorf("%s: %s cannot be broken", name, text)
					}
				}
			}
		}
	}
	if labels < 100 {
		t.Errorf("the site has %d labels of cells, want at least 100", labels)
	}
}

// buildSite builds the static site and returns its directory.
func buildSite(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("hugo"); err != nil {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("hugo is not installed")
	}
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), "../../scripts/site", dir)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// isBreak reports whether a browser breaks a line at a character.
func isBreak(r rune) bool { return r == '-' || unicode.IsSpace(r) }

// elements returns the elements in a node with a name.
func elements(node *html.Node, name string) (all []*html.Node) {
	for inner := range node.Descendants() {
		if inner.Type == html.ElementNode && inner.Data == name {
			all = append(all, inner)
		}
	}
	return all
}

// textOf returns the text in a node, with a line break at each <wbr>.
func textOf(node *html.Node) string {
	var text strings.Builder
	for inner := range node.Descendants() {
		switch {
		case inner.Type == html.TextNode:
			text.WriteString(inner.Data)
		case inner.Data == "wbr":
			text.WriteString("\n")
		}
	}
	return text.String()
}

// site is what a static site consists of, by the path of each file.
type site struct {
	pages map[string]sitePage
	files map[string]bool
}

// sitePage holds a page with its links and the anchors that links may name.
type sitePage struct {
	document *html.Node
	links    []string
	anchors  map[string]bool
}

func readSite(t *testing.T, dir string) site {
	t.Helper()
	s := site{pages: map[string]sitePage{}, files: map[string]bool{}}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		s.files[name] = true
		if path.Ext(name) != ".html" {
			return nil
		}
		file, err := root.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		document, err := html.Parse(file)
		if err != nil {
			return err
		}
		page := sitePage{document: document, anchors: map[string]bool{}}
		for node := range document.Descendants() {
			page.read(node)
		}
		s.pages[name] = page
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (p *sitePage) read(node *html.Node) {
	for _, a := range node.Attr {
		switch a.Key {
		case "id":
			p.anchors[a.Val] = true
		case "href", "src":
			p.links = append(p.links, a.Val)
		}
	}
}

// problem returns what a link of a page does not lead to, or "" if it leads somewhere.
// Links to other sites are not followed.
func (s site) problem(page, link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return "address"
	}
	if u.Scheme != "" {
		return ""
	}
	target := page
	if u.Path != "" {
		target = path.Join(path.Dir(page), u.Path)
		if strings.HasSuffix(u.Path, "/") {
			target = path.Join(target, "index.html")
		}
	}
	if !s.files[target] {
		return "file"
	}
	if u.Fragment != "" && !s.pages[target].anchors[u.Fragment] {
		return "heading"
	}
	return ""
}
