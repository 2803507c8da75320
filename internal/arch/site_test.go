package arch

import (
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestSiteLinksResolve builds the static site and checks every link between its pages, to
// their headings, and to their pictures.
func TestSiteLinksResolve(t *testing.T) {
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

// site is what a static site consists of, by the path of each file.
type site struct {
	pages map[string]sitePage
	files map[string]bool
}

// sitePage holds the links of a page and the anchors that links may name.
type sitePage struct {
	links   []string
	anchors map[string]bool
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
		page := sitePage{anchors: map[string]bool{}}
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
