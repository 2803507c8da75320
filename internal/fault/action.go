package fault

// An Action is a next step that each edge of the program words for its readers. Package
// cli turns it into a command for the current tenant and account. Elsewhere, its String
// is shown.
type Action int

// The actions. A test checks that package cli has words for each.
const (
	NoAction            Action = iota // Fix says everything
	DoSignIn                          // sign in again
	DoTypePassword                    // sign in without the browser's session
	DoResetPassword                   // choose a new password on the sign-in page
	DoUseOtherAccount                 // sign in with another account
	DoSignUp                          // create an account
	DoSignInForEdits                  // sign in with a second factor
	DoStepUp                          // repeat the request where the user can be asked
	DoOpenPage                        // open the sign-in page by hand
	DoUsePlainFile                    // keep the tokens in a plain file
	DoUseOtherBrowser                 // open the sign-in page in another browser
	DoMoveRedirect                    // let the browser return to another port
	DoAllowTime                       // allow a request more time
	DoCheckSettings                   // list the settings and their origins
	DoChooseTenant                    // choose one of the configured tenants
	DoConfigureTenant                 // add a tenant to the configuration
	DoListCodes                       // list the known error codes
	DoReport                          // report the bug with the log
	DoCorrectArguments                // correct what was given for a sandbox
	DoStartSandbox                    // start a sandbox
	DoStartOtherSandbox               // start a second sandbox next to the running one
	DoMoveSandbox                     // give the sandbox other ports
	DoPlanSetup                       // look at the tenant as an administrator
)

// Actions returns every Action but NoAction, for tables that must be complete.
func Actions() []Action {
	return []Action{
		DoSignIn, DoTypePassword, DoResetPassword, DoUseOtherAccount, DoSignUp, DoSignInForEdits, DoStepUp,
		DoOpenPage, DoUsePlainFile, DoUseOtherBrowser, DoMoveRedirect, DoAllowTime,
		DoCheckSettings, DoChooseTenant, DoConfigureTenant, DoListCodes, DoReport,
		DoCorrectArguments, DoStartSandbox, DoStartOtherSandbox, DoMoveSandbox, DoPlanSetup,
	}
}

// String returns the action as an instruction that names no command and no flag.
func (a Action) String() string {
	switch a {
	case DoPlanSetup:
		return "ask an administrator to compare the tenant with the setup"
	case DoSignIn:
		return "sign in again"
	case DoTypePassword:
		return "sign in again and type the password"
	case DoResetPassword:
		return "choose a new password on the sign-in page"
	case DoUseOtherAccount:
		return "sign in with another account"
	case DoSignUp:
		return "create an account"
	case DoSignInForEdits:
		return "sign in with a second factor"
	case DoStepUp:
		return "repeat the request where the user can be asked"
	case DoOpenPage:
		return "open the sign-in page by hand"
	case DoUsePlainFile:
		return "keep the tokens in a plain file"
	case DoUseOtherBrowser:
		return "open the sign-in page in another browser"
	case DoMoveRedirect:
		return "use another port for the redirect URI"
	case DoAllowTime:
		return "allow more time"
	case DoCheckSettings:
		return "check the settings"
	case DoChooseTenant:
		return "choose a tenant"
	case DoConfigureTenant:
		return "configure a tenant"
	case DoListCodes:
		return "list the known error codes"
	case DoReport:
		return "report the bug with the log"
	case DoCorrectArguments:
		return "correct the request"
	case DoStartSandbox:
		return "start a sandbox"
	case DoStartOtherSandbox:
		return "start another sandbox in a directory of its own"
	case DoMoveSandbox:
		return "give the sandbox other ports"
	default:
		return ""
	}
}

// Advice returns Fix and Next as one instruction for readers who have no command
// line, such as the callers of an API.
func (e *Error) Advice() string {
	switch next := e.Next.String(); {
	case next == "":
		return e.Fix
	case e.Fix == "":
		return next
	default:
		return e.Fix + ", then " + next
	}
}
