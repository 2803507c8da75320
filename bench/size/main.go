// Command size prints how much of the program each module takes: the sizes of the
// functions and the data of its packages. The tables that the Go runtime keeps about
// functions are not included; they are a third of the program.
//
//	go run ./bench/size
//
// It runs only on Linux, where programs are ELF files.
package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/bench/internal/rounds"
)

const program = "./cmd/profilectl"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench/size:", err)
		os.Exit(1)
	}
}

func run() error {
	modules, err := modulesByPackage()
	if err != nil {
		return err
	}
	return rounds.WithTool(func(dir, tool string) error {
		sizes, err := symbolSizes(tool, modules)
		if err != nil {
			return err
		}
		stripped := filepath.Join(dir, "stripped")
		out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", stripped, program).CombinedOutput()
		if err != nil {
			return fmt.Errorf("build: %w: %s", err, out)
		}
		info, err := os.Stat(stripped)
		if err != nil {
			return err
		}
		printSizes(sizes, info.Size())
		return nil
	})
}

// modulesByPackage returns the module of each package in the program. Those of the
// standard library are in the module "std".
func modulesByPackage() (map[string]string, error) {
	c := exec.Command("go", "list", "-deps", "-json=ImportPath,Module", program)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			ImportPath string
			Module     *struct{ Path string }
		}
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[pkg.ImportPath] = "std"
		if pkg.Module != nil {
			all[pkg.ImportPath] = pkg.Module.Path
		}
	}
}

// symbolSizes returns the bytes of the symbols of each module in an ELF file.
func symbolSizes(tool string, modules map[string]string) (map[string]uint64, error) {
	file, err := elf.Open(tool)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		return nil, err
	}
	sizes := map[string]uint64{}
	for _, s := range symbols {
		inFile := int(s.Section) < len(file.Sections) && file.Sections[s.Section].Type != elf.SHT_NOBITS
		if kind := elf.ST_TYPE(s.Info); inFile && (kind == elf.STT_FUNC || kind == elf.STT_OBJECT) {
			sizes[modules[packageOf(s.Name)]] += s.Size
		}
	}
	return sizes, nil
}

// packageOf returns the package of a symbol: what precedes the first dot after the last
// slash before any bracket of type arguments or receivers. The linker writes dots in the
// last part of a path as %2e.
func packageOf(symbol string) string {
	end := len(symbol)
	if i := strings.IndexAny(symbol, "[("); i >= 0 {
		end = i
	}
	slash := strings.LastIndexByte(symbol[:end], '/') + 1
	dot := strings.IndexByte(symbol[slash:], '.')
	if dot < 0 {
		return ""
	}
	return strings.ReplaceAll(symbol[:slash+dot], "%2e", ".")
}

func printSizes(sizes map[string]uint64, stripped int64) {
	names := make([]string, 0, len(sizes))
	for name := range sizes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	fmt.Printf("%8s  %s\n", "KB", "module")
	for _, name := range names {
		fmt.Printf("%8.0f  %s\n", float64(sizes[name])/1024, cmp.Or(name, "(shared by all: types, strings, tables)"))
	}
	fmt.Printf("\n%8.1f  MB, the stripped program\n", float64(stripped)/(1<<20))
}
