package cli
import ("fmt";"os";"time")
var t0 = time.Now()
func mark(s string){ if os.Getenv("TT")!="" { fmt.Fprintf(os.Stderr,"%7.2f %s\n", float64(time.Since(t0).Microseconds())/1000, s) } }
