package odata

import (
	"strings"
)

// Filter represents a $filter expression (OData 4.01, part 2, 5.1.1), as far as the
// directory supports it: eq, ne, startsWith, any on collections of text, and, or, not, and
// parentheses.
type Filter interface {
	// matches reports whether an object meets the condition. It returns an error if the
	// object's type has no property of that name.
	matches(Object) (bool, *Error)
}

// ParseFilter returns the filter that a text describes.
func ParseFilter(text string) (Filter, *Error) {
	const maxFilter = 4 << 10
	if len(text) > maxFilter {
		return nil, invalidFilter("the expression is too long")
	}
	tokens, ok := tokenize(text)
	if !ok {
		return nil, invalidFilter("an unterminated text or an unexpected character")
	}
	p := &filterParser{tokens: tokens}
	f, ok := p.either(0)
	if !ok || p.next < len(p.tokens) {
		return nil, invalidFilter("a syntax error at '" + Clean(p.peek()) + "'")
	}
	return f, nil
}

func invalidFilter(problem string) *Error {
	e := BadRequest("Invalid filter clause: " + problem + ".")
	return e
}

// tokenize splits an expression into names, texts with their quotes, and punctuation.
func tokenize(text string) (tokens []string, ok bool) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@/$"
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ':
			i++
		case strings.IndexByte("(),:", c) >= 0:
			tokens = append(tokens, string(c))
			i++
		case c == '\'':
			end := textEnd(text, i)
			if end < 0 {
				return nil, false
			}
			tokens = append(tokens, text[i:end])
			i = end
		case strings.IndexByte(letters, c) >= 0:
			start := i
			for i < len(text) && strings.IndexByte(letters, text[i]) >= 0 {
				i++
			}
			tokens = append(tokens, text[start:i])
		default:
			return nil, false
		}
	}
	return tokens, true
}

// textEnd returns the index after a quoted text, in which quotes are doubled, or -1.
func textEnd(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

// filterParser is a recursive descent parser. Its methods report false for a syntax error.
type filterParser struct {
	tokens []string
	next   int
}

// maxDepth limits nested parentheses, so that a request cannot exhaust the stack.
const maxDepth = 20

func (p *filterParser) peek() string {
	if p.next < len(p.tokens) {
		return p.tokens[p.next]
	}
	return ""
}

// accept consumes the next token if it is the given one, ignoring case.
func (p *filterParser) accept(token string) bool {
	if p.next < len(p.tokens) && strings.EqualFold(p.tokens[p.next], token) {
		p.next++
		return true
	}
	return false
}

func (p *filterParser) take() string {
	t := p.peek()
	p.next++
	return t
}

func (p *filterParser) either(depth int) (Filter, bool) {
	first, ok := p.all(depth)
	for ok && p.accept("or") {
		var next Filter
		next, ok = p.all(depth)
		first = combined{first, next, true}
	}
	return first, ok
}

func (p *filterParser) all(depth int) (Filter, bool) {
	first, ok := p.term(depth)
	for ok && p.accept("and") {
		var next Filter
		next, ok = p.term(depth)
		first = combined{first, next, false}
	}
	return first, ok
}

func (p *filterParser) term(depth int) (Filter, bool) {
	if depth > maxDepth {
		return nil, false
	}
	switch {
	case p.accept("not"):
		f, ok := p.term(depth + 1)
		return negated{f}, ok
	case p.accept("("):
		f, ok := p.either(depth + 1)
		return f, ok && p.accept(")")
	case p.accept("startsWith"):
		return p.prefix()
	}
	name := p.take()
	if path, isAny := strings.CutSuffix(name, "/any"); isAny {
		return p.any(path)
	}
	c := comparison{property: name}
	switch {
	case p.accept("eq"):
	case p.accept("ne"):
		c.unequal = true
	default:
		return nil, false
	}
	var ok bool
	c.value, ok = literal(p.take())
	return c, ok && isProperty(name)
}

// prefix parses the arguments of startsWith.
func (p *filterParser) prefix() (Filter, bool) {
	ok := p.accept("(")
	name := p.take()
	ok = ok && isProperty(name) && p.accept(",")
	value, isLiteral := literal(p.take())
	text, isText := value.(string)
	return comparison{property: name, value: text, prefix: true}, ok && isLiteral && isText && p.accept(")")
}

// any parses the lambda expression of any: (t:t eq 'value').
func (p *filterParser) any(property string) (Filter, bool) {
	ok := p.accept("(")
	variable := p.take()
	ok = ok && isProperty(variable) && p.accept(":") && p.accept(variable)
	ok = ok && p.accept("eq")
	value, isLiteral := literal(p.take())
	text, isText := value.(string)
	f := comparison{property: property, value: text, collection: true}
	return f, ok && isProperty(property) && isLiteral && isText && p.accept(")")
}

func isProperty(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return name != "" && strings.ContainsRune(letters, rune(name[0]))
}

// literal returns the value of a literal: a text, true, false, null, or a GUID.
func literal(token string) (any, bool) {
	switch {
	case len(token) >= 2 && token[0] == '\'':
		return strings.ReplaceAll(token[1:len(token)-1], "''", "'"), true
	case token == "true", token == "false":
		return token == "true", true
	case token == "null":
		return nil, true
	case token == "" || strings.ContainsAny(token, "(),:"):
		return nil, false
	}
	return token, true
}

// combined is an and or an or.
type combined struct {
	first, second Filter
	or            bool
}

func (c combined) matches(o Object) (bool, *Error) {
	first, e := c.first.matches(o)
	if e != nil {
		return false, e
	}
	second, e := c.second.matches(o)
	if c.or {
		return first || second, e
	}
	return first && second, e
}

type negated struct{ of Filter }

func (n negated) matches(o Object) (bool, *Error) {
	ok, e := n.of.matches(o)
	return !ok, e
}

// comparison compares a property with a value: for equality, or as a prefix, or with any
// item of a collection. Texts ignore case, as in the directory.
type comparison struct {
	property   string
	value      any
	unequal    bool
	prefix     bool
	collection bool
}

func (c comparison) matches(o Object) (bool, *Error) {
	value, ok := lookup(o, c.property)
	items, isCollection := value.([]string)
	if !ok || isCollection != c.collection {
		return false, UnsupportedQuery("Unsupported or invalid query filter clause specified for property '" +
			Clean(c.property) + "' of the resource.")
	}
	if isCollection {
		for _, item := range items {
			if text, _ := c.value.(string); strings.EqualFold(item, text) {
				return true, nil
			}
		}
		return false, nil
	}
	text, isText := value.(string)
	wanted, wantsText := c.value.(string)
	switch {
	case c.prefix:
		return isText && len(text) >= len(wanted) && strings.EqualFold(text[:len(wanted)], wanted), nil
	case isText && wantsText:
		return strings.EqualFold(text, wanted) != c.unequal, nil
	}
	return (value == c.value) != c.unequal, nil
}

// lookup returns a property of an object. Its name ignores case.
func lookup(o Object, name string) (any, bool) {
	for key, value := range o {
		if strings.EqualFold(key, name) && !strings.HasPrefix(key, "@") {
			switch value.(type) {
			case nil, string, bool, []string:
				return value, true
			}
			return nil, false // numbers and objects cannot be compared here
		}
	}
	return nil, false
}
