package aadsts_test

import (
	"testing"

	"github.com/profilectl/profilectl/internal/aadsts"
)

func TestExplainKnowsEveryCode(t *testing.T) {
	for _, code := range aadsts.Codes() {
		e, known := aadsts.Explain(code)
		if !known || e.Cause == "" || e.Fault.What == "" || e.Fault.Advice() == "" {
			t.Errorf("AADSTS%d: %+v, %v", code, e, known)
		}
		if e.Cause == e.Fault.What {
			t.Errorf("AADSTS%d: the cause repeats the meaning: %q", code, e.Cause)
		}
	}
	if _, known := aadsts.Explain(399218); known {
		t.Error("AADSTS399218 is known")
	}
}

// TestExplainCoversTheDocumentedCodes has the codes that the scenario of the how-to can
// meet: those of Microsoft's reference and those of public reports.
func TestExplainCoversTheDocumentedCodes(t *testing.T) {
	for _, code := range []int{
		28000, 50011, 50013, 50020, 50034, 50049, 50053, 50055, 50056, 50057, 50058, 50059, 50072, 50074,
		50076, 50078, 50079, 50085, 50087, 50088, 50089, 50105, 50126, 50131, 50132, 50133, 50140, 50148,
		50158, 50173, 50196, 50199, 53000, 53001, 53002, 53003, 53004, 53009, 53011, 54005, 65001, 65004,
		65005, 70000, 70008, 70011, 70016, 70018, 70019, 70020, 70043, 90002, 90014, 90072, 90094, 90095,
		500011, 500113, 500121, 500131, 500133, 500207, 500208, 500210, 500341, 501481, 530032, 530035,
		650052, 650053, 650056, 650057, 700005, 700016, 700022, 700024, 700025, 700038, 700082, 700084,
		900144, 900561, 901002, 1002016, 1100001, 7000112, 7000114, 7000215, 7000218, 7000222, 9002313,
		9002326, 9002327,
	} {
		if _, known := aadsts.Explain(code); !known {
			t.Errorf("AADSTS%d is not explained", code)
		}
	}
}
