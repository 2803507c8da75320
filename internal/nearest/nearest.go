// Package nearest guesses what a person meant who slipped on the keyboard.
package nearest

import "strings"

// To returns the candidate that a person most likely meant, or an empty
// string where none is near.
func To(typed string, candidates []string) string {
	best, distance := "", 3 // more than two slips are a different word
	for _, c := range candidates {
		if d := edits(strings.ToLower(typed), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// edits is Levenshtein's distance.
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
