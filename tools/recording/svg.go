package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The measures of the picture, in pixels, and its times, in seconds.
const (
	charWidth  = 8.4
	lineHeight = 21
	margin     = 20
	titleBar   = 36

	keystroke  = 0.07
	beforeRun  = 0.6
	perLine    = 0.5
	perWord    = 0.22 // 270 words a minute
	promptText = "$ "
)

const style = `
.b{fill:#16191d}
.t{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6e8eb}
.p{fill:#8f98a3}
.o{fill:#6fd08c}
.l{animation:show 1ms both}
@keyframes show{from{visibility:hidden}to{visibility:visible}}
@media (prefers-reduced-motion:reduce){.l{animation:none}}
`

// draw returns an SVG in which a command is typed and its output appears line by line. It
// ends on the complete output. Viewers without animations show that at once.
func draw(command string, lines []string) []byte {
	var b bytes.Buffer
	width := columns*charWidth + 2*margin
	height := titleBar + (len(lines)+1)*lineHeight + margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" role="img" aria-labelledby="title desc">`+"\n",
		width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n",
		escape("The output of "+command), escape(strings.Join(lines, "\n")))
	fmt.Fprintf(&b, "<style>%s</style>\n", style)
	fmt.Fprintf(&b, `<rect class="b" width="%.0f" height="%d" rx="8"/>`+"\n", width, height)
	for i, color := range []string{"#e0605a", "#e0b64c", "#63b35c"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="6" fill="%s"/>`+"\n", margin+6+20*i, color)
	}
	at := typed(&b, command)
	for i, line := range lines {
		fmt.Fprintf(&b, `<g class="l" style="animation-delay:%.2fs">`, at)
		words(&b, i+1, line)
		b.WriteString("</g>\n")
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], " ") {
			continue // the text continues on the next line, which appears with it
		}
		at += perLine + perWord*float64(len(strings.Fields(line)))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// typed draws the command, key by key, and returns when its output begins.
func typed(b *bytes.Buffer, command string) float64 {
	span(b, 0, 0, "p", promptText)
	at := 1.0
	for i, key := range command {
		fmt.Fprintf(b, `<g class="l" style="animation-delay:%.2fs">`, at)
		span(b, 0, i+len(promptText), "", string(key))
		b.WriteString("</g>")
		at += keystroke
	}
	b.WriteString("\n")
	return at + beforeRun
}

// words draws a line. Text between two runs of spaces is one element with a fixed width, so
// that columns are aligned in every font.
func words(b *bytes.Buffer, row int, line string) {
	column := 0
	for line != "" {
		text := strings.TrimLeft(line, " ")
		column += len(line) - len(text)
		if text == "" {
			return
		}
		part, _, _ := strings.Cut(text, "  ")
		if strings.HasPrefix(part, "✓") {
			span(b, row, column, "o", "✓")
			column++
			line = strings.TrimPrefix(text, "✓")
			continue
		}
		span(b, row, column, "", part)
		column += utf8.RuneCountInString(part)
		line = strings.TrimPrefix(text, part)
	}
}

// span draws text at a row and a column of the terminal.
func span(b *bytes.Buffer, row, column int, class, text string) {
	if text == " " {
		return
	}
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`,
		strings.TrimSpace("t "+class), margin+float64(column)*charWidth, titleBar+row*lineHeight+14,
		float64(utf8.RuneCountInString(strings.TrimRight(text, " ")))*charWidth, escape(strings.TrimRight(text, " ")))
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer does not fail
	return b.String()
}
