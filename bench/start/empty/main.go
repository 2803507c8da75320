// Command empty does nothing. It takes as long as any Go program needs to start.
package main

func main() {}
