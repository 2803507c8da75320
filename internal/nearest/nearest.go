// Package nearest guesses what a user meant who mistyped a name.
package nearest

import "strings"

// To returns the candidate that differs from what was typed by the fewest letters, or an
// empty string if they all differ by more than two, or in every letter. It ignores case.
func To(typed string, candidates []string) string {
	const tooFar = 3
	best, distance := "", min(tooFar, len(typed))
	for _, c := range candidates {
		if len(typed)-len(c) >= tooFar || len(c)-len(typed) >= tooFar {
			continue // whatever its letters, and a text from outside may be long
		}
		if d := edits(strings.ToLower(typed), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// edits returns the Levenshtein distance between two texts, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
