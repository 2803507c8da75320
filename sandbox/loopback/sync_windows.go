package loopback

// syncDir does nothing: NTFS journals renames, and Windows cannot sync a
// directory.
func syncDir(string) error { return nil }
