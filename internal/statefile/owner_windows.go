package statefile

// ownedByOther returns false: on Windows, the owner does not decide who may use a file.
func ownedByOther(string, int) (owner string, foreign bool) { return "", false }
